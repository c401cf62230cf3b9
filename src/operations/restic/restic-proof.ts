import { posix } from 'node:path';
import { z } from 'zod';
import { moment } from '../../copy/index.ts';
import { StepError } from '../../errors.ts';
import {
  absolutePath,
  operation,
  sh,
  type ActContext,
  type Host,
  type RunInfo,
} from '../../runbook/index.ts';
import { momentNow } from '../copy/moment.ts';
import { execLocking, mustSucceed, restic, resticAccess } from './restic.ts';
import { SeededSample } from './seeded-sample.ts';

const input = z.strictObject({
  ...resticAccess,
  snapshot: z
    .string()
    .regex(/^[0-9a-f]{8,64}$/, { error: 'expected the id of a snapshot; `latest` may be another machine’s' }),
  /** How many files are restored and compared; 50 when left out. */
  sample: z.number().int().min(1).max(1_000).optional(),
  /** The same seed chooses the same files. */
  seed: z.string().min(1),
  /** Where they are restored to for a moment, with room for them; the run's folder when left out. */
  scratch: absolutePath.optional(),
  /** What `restic check` reads of the repository's packs, such as `5%`, `100%` or `1/20`; `5%` when left out. */
  readDataSubset: z
    .string()
    .regex(/^(\d+(\.\d+)?%|\d+\/\d+)$/)
    .optional(),
});
type Input = z.output<typeof input>;

/** What a proof found, of which snapshot, and when. */
export const resticProven = z.object({
  snapshot: z.string(),
  files: z.number(),
  bytes: z.number(),
  compared: z.number(),
  proven: z.literal(true),
  provenAt: moment,
});

interface SavedFile {
  readonly path: string;
  readonly size: number;
  readonly mtimeMs: number;
}

/**
 * Proves that a backup can be restored: restores a sample of files (restic compares each with the
 * hashes of the snapshot), compares them byte for byte with the source where that is unchanged, and
 * has restic read part of the repository.
 *
 * Output: the `snapshot`; `files` and `bytes` that were restored, `compared` of them with the source, `proven`,
 * and `provenAt`.
 * @throws StepError `restic.nothing-to-prove`, `restic.not-restored`, `restic.differs`, and those of `mustSucceed`
 */
export const resticProof = operation({
  operation: 'restic-proof',
  version: 1,
  reversal: 'readonly',
  input,
  output: resticProven,
  idempotent: true,
  describe: ({ input, run }) => [
    `restore ${input.sample ?? 50} files of the snapshot ${input.snapshot}, chosen by the seed ${input.seed}, and compare them`,
    checkCommand(input, cacheOf(input, run)),
  ],
  run: async (context) => {
    const { host, input } = context;
    const restored = await restoreSample(context, input);
    await checkRepository(context, input);
    const { snapshot } = input;
    return { snapshot, ...restored, proven: true as const, provenAt: await momentNow(host) };
  },
});

type Context = Pick<ActContext, 'exec' | 'host' | 'progress' | 'run'>;
type Sample = Omit<Input, 'readDataSubset'>;

/**
 * Restores a sample of a snapshot and compares it, for a moment; nothing of it is left.
 *
 * @throws StepError as `resticProof`
 */
export async function restoreSample(
  context: Context,
  input: Sample,
): Promise<{ readonly files: number; readonly bytes: number; readonly compared: number }> {
  const { exec, host, progress } = context;
  const chosen = await chooseFiles(context, input);
  const scratch = `${input.scratch ?? context.run.folder}/restic-proof-${input.snapshot.slice(0, 8)}`;
  await clear(context, scratch);
  await host.files.makeFolder(scratch, { mode: 0o700 });
  try {
    progress({ doing: 'restoring', totalFiles: chosen.length });
    const restore = restic(input, restoreArgs(input.snapshot, scratch, chosen));
    mustSucceed(restore, await exec(restore, { anyExit: true }));
    const compared = await compare(host, scratch, chosen);
    const bytes = chosen.reduce((sum, { size }) => sum + size, 0);
    return { files: chosen.length, bytes, compared };
  } finally {
    await clear(context, scratch);
  }
}

async function checkRepository(context: Context, input: Input): Promise<void> {
  const cache = cacheOf(input, context.run);
  await clear(context, cache);
  await context.host.files.makeFolder(cache, { mode: 0o700 });
  try {
    context.progress({ doing: 'checking the repository' });
    const command = checkCommand(input, cache);
    await execLocking(context.exec, input, command);
  } finally {
    await clear(context, cache);
  }
}

/** By itself it makes a cache in the temp folder, which a killed one leaves behind. */
function checkCommand(input: Input, cache: string) {
  return restic(input, ['check', `--read-data-subset=${input.readDataSubset ?? '5%'}`, '--cache-dir', cache]);
}

function cacheOf({ scratch }: Input, run: RunInfo): string {
  return `${scratch ?? run.folder}/restic-check`;
}

async function chooseFiles({ exec }: Context, input: Sample): Promise<readonly SavedFile[]> {
  const sample = new SeededSample<SavedFile>(input.sample ?? 50, input.seed);
  const list = restic(input, ['ls', '--json', '--no-lock', input.snapshot]);
  const result = await exec(list, {
    anyExit: true,
    quiet: true,
    onLine: (line, stream) => {
      if (stream !== 'stdout' || !line.includes('"type":"file"')) return;
      const { path, size = 0, mtime } = JSON.parse(line) as { path: string; size?: number; mtime: string };
      // A name that is no UTF-8 cannot be asked for.
      if (!path.includes('\uFFFD')) sample.offer(path, { path, size, mtimeMs: Date.parse(mtime) });
    },
  });
  mustSucceed(list, result);
  if (sample.offered > 0) return sample.members();
  throw new StepError(
    'restic.nothing-to-prove',
    `the snapshot ${input.snapshot} holds no file`,
    'See whether its paths were mounted when it was made.',
  );
}

function restoreArgs(snapshot: string, scratch: string, files: readonly SavedFile[]): string[] {
  const includes = files.flatMap(({ path }) => ['--include', path.replaceAll(/[\\*?[\]]/g, String.raw`\$&`)]);
  return ['restore', '--verify', '--no-lock', '--target', scratch, ...includes, snapshot];
}

/** Gives how many files were compared with the source; those that were changed or removed since are not. */
async function compare(host: Host, scratch: string, files: readonly SavedFile[]): Promise<number> {
  const restored = await hashes(
    host,
    files.map(({ path }) => posix.join(scratch, path)),
  );
  const unchanged: SavedFile[] = [];
  for (const file of files) if (await isUnchanged(host, file)) unchanged.push(file);
  const sources = await hashes(
    host,
    unchanged.map(({ path }) => path),
  );
  for (const { path } of files) {
    const copy = restored.get(posix.join(scratch, path));
    const source = sources.get(path);
    if (copy === undefined)
      throw new StepError('restic.not-restored', `${path} is in the snapshot and was not restored`);
    if (source === undefined || source === copy) continue;
    throw new StepError(
      'restic.differs',
      `${path} differs from its backup, although its size and time are the same`,
      'One of the two is damaged: look at both before anything else, and back up again.',
    );
  }
  return sources.size;
}

async function isUnchanged(host: Host, { path, size, mtimeMs }: SavedFile): Promise<boolean> {
  const now = await host.files.stat(path);
  return now?.kind === 'file' && now.size === size && Math.abs(now.mtimeMs - mtimeMs) < 1;
}

/** SHA-256 of those files that can be read, by path. */
async function hashes(host: Host, paths: readonly string[]): Promise<ReadonlyMap<string, string>> {
  if (paths.length === 0) return new Map();
  const { stdout } = await host.exec({ argv: ['sha256sum', '--zero', '--', ...paths] }, { anyExit: true });
  const entries = stdout.split('\0').filter((entry) => entry !== '');
  // The hash, a space, a letter for the mode, the name.
  return new Map(entries.map((entry) => [entry.slice(66), entry.slice(0, 64)]));
}

/** Removes what was restored, and only that: restored folders may be read-only. */
async function clear({ exec, host }: Context, scratch: string): Promise<void> {
  if ((await host.files.stat(scratch)) === undefined) return;
  await exec(sh`chmod -R u+rwX -- ${scratch}`, { anyExit: true });
  await exec(sh`rm -rf --one-file-system -- ${scratch}`);
}
