import { z } from 'zod';
import { StepError } from '../../errors.ts';
import { operation, sh } from '../../runbook/index.ts';
import { configuration } from './configuration.ts';

const current = '/run/current-system';

interface Captured {
  /** The system that ran before. */
  readonly running: string;
  /** Holds links to it and to what is built, and so keeps both from garbage collection. */
  readonly folder: string;
}

/**
 * Builds a NixOS configuration and has the machine run it, by `nixos-rebuild test`: neither the profile nor the
 * boot menu changes, so the next boot brings the system before it. The undo brings that back at once, so let
 * nothing change by it that the system lives on.
 *
 * Input: `flake`, `host`. Output: the store path of the `system`.
 * @throws StepError `nixos.not-running`, `nixos.not-built`, `nixos.other-system`
 */
export const nixosTest = operation({
  operation: 'nixos-test',
  version: 1,
  reversal: 'undo',
  input: z.strictObject(configuration),
  capture: async ({ host, run }): Promise<Captured> => {
    const running = await host.files.realPath(current);
    if (running === undefined) {
      throw new StepError('nixos.not-running', `there is no ${current}`, 'Run this on NixOS.');
    }
    return { running, folder: `${run.folder}/nixos-test-${host.clock.now().wall.toString(36)}` };
  },
  output: z.object({ system: z.string() }),
  probe: async ({ host, captured }) => {
    const now = await host.files.realPath(current);
    if (now === captured.running) return 'not-started';
    // Which units were started by then, nothing tells.
    if (now !== undefined && now === (await host.files.realPath(resultOf(captured)))) return 'partial';
    // A boot or a switch since: nothing is left of what was tried.
    for (const other of ['/run/booted-system', '/nix/var/nix/profiles/system'])
      if (now !== undefined && now === (await host.files.realPath(other))) return 'not-started';
    return { unknown: `the system that runs is ${now ?? 'none'}, which this step did not build` };
  },
  idempotent: true,
  commands: ({ input, captured }) => {
    const { running, folder } = captured;
    const flake = `${input.flake}#${input.host}`;
    const inFolder = sh.with({ cwd: folder });
    return [
      sh`mkdir -p ${folder}`,
      inFolder`nixos-rebuild build --flake ${flake}`,
      inFolder`nix-store --realise ${running} --add-root ${folder}/previous-system`,
      inFolder`nixos-rebuild test --flake ${flake}`,
    ];
  },
  result: async ({ host, captured }) => {
    const system = await host.files.realPath(resultOf(captured));
    if (system === undefined) {
      throw new StepError(
        'nixos.not-built',
        `nixos-rebuild left no result in ${captured.folder}`,
        'See its output with: migrate logs',
      );
    }
    return { system };
  },
  verify: async ({ host, output }) => {
    const now = await host.files.realPath(current);
    if (now === output.system) return;
    throw new StepError(
      'nixos.other-system',
      `the system that runs is ${now ?? 'none'}, and not ${output.system}`,
      'A boot or somebody else has changed it meanwhile; look at what runs, and run the step again.',
    );
  },
  undoNeeds: [
    {
      name: 'the system before it',
      check: async ({ host, captured }) => {
        const switcher = `${captured.running}/bin/switch-to-configuration`;
        return (
          (await host.files.realPath(switcher)) !== undefined ||
          `${switcher} is not there: it was collected as garbage, or is not mounted`
        );
      },
    },
  ],
  undo: ({ captured }) => [sh`${captured.running}/bin/switch-to-configuration test`],
});

function resultOf({ folder }: Captured): string {
  return `${folder}/result`;
}
