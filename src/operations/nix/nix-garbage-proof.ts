import { z } from 'zod';
import { StepError } from '../../errors.ts';
import { absolutePath, operation, type Command } from '../../runbook/index.ts';
import { deletePaths, evaluate, nixString, storeMustExist, storeOption, validPaths } from './nix-store.ts';

const input = z.strictObject({ folder: absolutePath.optional() });

/**
 * Proves that a store can be written and collected: adds one path made for it, deletes exactly that
 * path, and counts. Never `nix-collect-garbage -d`, which deletes the generations that a rollback needs.
 *
 * Input: `folder` with what `/nix` holds; the running system's store when left out.
 * Output: the path that came and went.
 * @throws StepError `nix.not-added`, `nix.not-deleted`, `nix.lost-paths`
 */
export const nixGarbageProof = operation({
  operation: 'nix-garbage-proof',
  version: 1,
  reversal: 'undo',
  input,
  capture: async ({ host, input, run }) => {
    // Even a question would make Nix create a store.
    await storeMustExist(host, input.folder ?? '/nix');
    const text = `builtins.toFile ${nixString('migrate-garbage-proof')} ${nixString(`${run.id} ${host.clock.now().wall}`)}`;
    return { text, path: await evaluate(host, input.folder, text) };
  },
  output: z.object({ path: z.string() }),
  idempotent: true,
  describe: ({ input, captured }) => [
    add(input.folder, captured.text),
    deletePaths(input.folder, [captured.path]),
  ],
  run: async ({ exec, host, input, captured }) => {
    const { text, path } = captured;
    const folder = input.folder ?? '/nix';
    const { exitCode, stderr } = await exec(add(input.folder, text), { anyExit: true });
    const during = await validPaths(host, folder);
    if (exitCode !== 0 || !during.includes(path)) {
      throw new StepError(
        'nix.not-added',
        `${path} could not be added to the store: ${stderr.trim()}`,
        'See whether the store is writable, and whether nix-daemon runs.',
      );
    }
    await exec(deletePaths(input.folder, [path]));
    const after = new Set(await validPaths(host, folder));
    if (after.has(path) || (await host.files.stat(physical(folder, path))) !== undefined) {
      throw new StepError(
        'nix.not-deleted',
        `${path} is still in the store after its deletion`,
        `See what holds it: nix-store --query --roots ${path}`,
      );
    }
    const lost = during.filter((other) => other !== path && !after.has(other));
    if (lost.length > 0) {
      throw new StepError(
        'nix.lost-paths',
        `${lost.length} other paths vanished meanwhile, such as ${lost[0]}`,
        'Stop whatever collects garbage (nix-gc.timer, a person) and run the step again.',
      );
    }
    return { path };
  },
  undo: ({ input, captured }) => [deletePaths(input.folder, [captured.path])],
});

function add(folder: string | undefined, text: string): Command {
  return { argv: ['nix-instantiate', ...storeOption(folder), '--eval', '--read-write-mode', '--expr', text] };
}

/** Where a path lies that is called /nix/store/… . */
function physical(folder: string, path: string): string {
  return `${folder}/store/${path.slice(path.lastIndexOf('/') + 1)}`;
}
