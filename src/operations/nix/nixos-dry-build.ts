import { z } from 'zod';
import { operation, sh } from '../../runbook/index.ts';
import { configuration } from './configuration.ts';

/**
 * Evaluates a NixOS configuration, and lists what building it would make. Nothing is built, and nothing of the
 * system changes.
 *
 * Input: `flake`, `host`. Output: `toBuild`, the derivations that would be built, by their store paths.
 * @throws StepError `command.failed` with what Nix says of the configuration
 */
export const nixosDryBuild = operation({
  operation: 'nixos-dry-build',
  version: 1,
  reversal: 'readonly',
  input: z.strictObject(configuration),
  output: z.object({ toBuild: z.array(z.string()).readonly() }),
  idempotent: true,
  describe: ({ input }) => [dryBuild(input)],
  run: async ({ input, exec }) => {
    const { stderr, stdout } = await exec(dryBuild(input));
    const built = `${stderr}\n${stdout}`.split(/will be built:\n/).at(1) ?? '';
    const toBuild = /^(?: {2}\S+(?:\n|$))+/.exec(built)?.[0] ?? '';
    return { toBuild: toBuild.split('\n').flatMap((line) => (line === '' ? [] : [line.trim()])) };
  },
});

function dryBuild({ flake, host }: { readonly flake: string; readonly host: string }) {
  // It leaves a link in the folder that it is called in.
  return sh.with({ cwd: '/' })`nixos-rebuild dry-build --flake ${`${flake}#${host}`}`;
}
