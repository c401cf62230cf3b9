import { z } from 'zod';
import { StepError } from '../../errors.ts';
import { absolutePath, operation, type Command } from '../../runbook/index.ts';
import { storeOption, validPaths } from './nix-store.ts';

const input = z.strictObject({
  /** The folder with what `/nix` holds: `store` and `var`. */
  folder: absolutePath,
  /** Such a folder too: both must have the same paths. */
  like: absolutePath.optional(),
  expectPaths: z.number().int().positive().optional(),
});

/**
 * Has Nix read every file of a store and compare it with the hash in its database. Nix drops a path
 * that has vanished from its database and calls that success, so the paths are counted before and after.
 * Keep the store frozen meanwhile.
 *
 * Input: `folder`; `like`, a store with the same paths, and `expectPaths`, their number, where known.
 * Output: the number of valid paths.
 * @throws StepError `nix.no-store`, `nix.empty-store`, `nix.other-paths`, `nix.corrupt`
 */
export const nixStoreVerify = operation({
  operation: 'nix-store-verify',
  version: 1,
  reversal: 'readonly',
  input,
  output: z.object({ paths: z.number() }),
  idempotent: true,
  preview: async ({ host, input }) => {
    const { length } = await validPaths(host, input.like ?? input.folder);
    return { summary: `${length} store paths to read`, facts: { paths: length } };
  },
  describe: ({ input }) => [
    verifyCommand(input.folder),
    `count the paths of ${input.folder} before and after`,
  ],
  run: async ({ exec, host, input, progress }) => {
    const before = await validPaths(host, input.folder);
    mustBe(input, before, input.like === undefined ? undefined : await validPaths(host, input.like));
    let read = 0;
    const wrong: string[] = [];
    const { exitCode, stderr } = await exec(verifyCommand(input.folder), {
      anyExit: true,
      onLine: (line) => {
        if (line.startsWith('checking contents of ')) {
          read += 1;
          progress({ doing: 'verifying', doneFiles: read, totalFiles: before.length });
        } else if (/was modified|disappeared|error:/.test(line)) wrong.push(line);
      },
    });
    if (exitCode !== 0 || wrong.length > 0) {
      throw new StepError(
        'nix.corrupt',
        `the store in ${input.folder} is damaged: ${wrong.slice(0, 5).join('; ') || stderr.trim().split('\n').at(-1)}${wrong.length > 5 ? `; ${wrong.length - 5} more` : ''}`,
        'Copy these paths again from the source and verify it too; see migrate logs for all of them.',
      );
    }
    const after = await validPaths(host, input.folder);
    mustBe({ ...input, like: undefined, expectPaths: before.length }, after, undefined);
    return { paths: after.length };
  },
});

function verifyCommand(folder: string): Command {
  // -v names each path as it is read.
  return { argv: ['nix-store', ...storeOption(folder), '--verify', '--check-contents', '-v'] };
}

function mustBe(
  { folder, like, expectPaths }: z.output<typeof input>,
  paths: readonly string[],
  others: readonly string[] | undefined,
): void {
  if (paths.length === 0) {
    throw new StepError(
      'nix.empty-store',
      `the database of the store in ${folder} names no path`,
      'It was not copied, or Nix has just created it: copy var/nix/db too.',
    );
  }
  if (expectPaths !== undefined && paths.length !== expectPaths) {
    throw new StepError(
      'nix.other-paths',
      `the store in ${folder} has ${paths.length} paths, and ${expectPaths} are expected`,
      'Freeze nix-daemon, copy once more, and verify again.',
    );
  }
  if (others === undefined) return;
  const here = new Set(paths);
  const there = new Set(others);
  const missing = others.filter((path) => !here.has(path));
  const extra = paths.filter((path) => !there.has(path));
  if (missing.length + extra.length === 0) return;
  throw new StepError(
    'nix.other-paths',
    `the store in ${folder} lacks ${missing.length} paths of ${like} and has ${extra.length} more, such as ${missing[0] ?? extra[0]}`,
    'Freeze nix-daemon, copy once more, and verify again.',
  );
}
