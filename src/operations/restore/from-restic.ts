import { posix } from 'node:path';
import { z } from 'zod';
import { messageOf, StepError } from '../../errors.ts';
import { sh } from '../../runbook/index.ts';
import { askRestic, mustSucceed, restic, type Snapshot } from '../restic/restic.ts';
import { chooseSnapshots } from './choose-snapshots.ts';
import type { DataPlace } from './data-place.ts';
import { listingDifferences, listTree, parseResticListing, type Listed } from './listing.ts';
import { lookAtTree } from './look-at.ts';
import type { Asked, ResticSource } from './sources.ts';
import { clearStaging, makeDataset, makeHolder, mustFit, type Staging } from './staging.ts';
import { endsAll, withinLimit, type Working } from './time-limit.ts';

/** How many snapshots are tried, newest first. */
const mostTries = 3;

/** Which snapshot lies in a staging, so that a later process goes on with it. */
const record = z.object({ snapshot: z.string(), verified: z.boolean() });

/**
 * Restores the newest snapshot of this host, path and tags that proves sound. That there is none is
 * believed only of a repository that answers.
 *
 * @param askMs how long a question may take: restic asks a repository that does not answer for a quarter of an hour
 * @throws StepError `restore.none-fits`, `restore.differs`, `restore.unsound`, and those of `mustSucceed`
 */
export async function fromRestic(
  context: Working,
  place: DataPlace,
  source: ResticSource,
  staging: Staging,
  properties: Readonly<Record<string, string>>,
  askMs: number,
): Promise<Asked> {
  const path = source.path ?? place.path;
  // Nothing is locked: a machine that died in the middle of a backup has left its lock, and must be restored.
  const args = ['snapshots', '--json', '--no-lock'];
  const { stdout } = await withinLimit(context, askMs, ({ host }) => askRestic(host, source, args));
  const all = JSON.parse(stdout) as Snapshot[];
  const { candidates, others } = chooseSnapshots(all, { host: source.host, path, tags: source.tags });
  if (candidates.length === 0) {
    if (others.length > 0) throw notOurs(others, source, path);
    return {
      is: 'none',
      proof: `the repository answers, and none of its ${all.length} snapshots holds ${path}`,
    };
  }
  const wrong: string[] = [];
  for (const snapshot of candidates.slice(0, mostTries)) {
    try {
      return await stageSnapshot(context, { place, source, staging, properties, snapshot, path, askMs });
    } catch (error) {
      if (endsAll(error, context.signal) || hasNotAnswered(error)) throw error;
      wrong.push(`${snapshot.id.slice(0, 8)} of ${snapshot.time.slice(0, 19)}: ${messageOf(error)}`);
      await clearStaging(context, staging);
    }
  }
  throw new StepError('restore.none-fits', wrong.join('; '));
}

/** That says nothing of the snapshot: neither is an older one taken for it, nor is what was restored of it removed. */
function hasNotAnswered(error: unknown): boolean {
  return error instanceof StepError && error.code === 'restore.time-limit';
}

interface Staged {
  readonly place: DataPlace;
  readonly source: ResticSource;
  readonly staging: Staging;
  readonly properties: Readonly<Record<string, string>>;
  readonly snapshot: Snapshot;
  readonly path: string;
  readonly askMs: number;
}

async function stageSnapshot(context: Working, given: Staged): Promise<Asked> {
  const { host, exec, progress, run } = context;
  const { place, source, staging, properties, snapshot, path, askMs } = given;
  const listing = await withinLimit(context, askMs, (asking) =>
    listSnapshot(asking, source, snapshot.id, path),
  );
  const files = listing.filter(({ type }) => type === 'file');
  if (files.length === 0) throw new StepError('restore.empty', `it holds no file of ${path}`);
  const bytes = files.reduce((sum, { size }) => sum + size, 0);

  const recordFile = posix.join(run.folder, `restore-${source.kind}.json`);
  const before = await readRecord(host, recordFile);
  if (before?.snapshot !== snapshot.id) await clearStaging(context, staging);
  if (before?.snapshot !== snapshot.id || (await host.files.stat(staging.holder)) === undefined) {
    await mustFit(host, place, bytes, `the snapshot ${snapshot.id.slice(0, 8)}`);
  }
  await makeHolder(context, place, staging);
  const { dataset, root } = staging;
  if (dataset !== undefined) await makeDataset(context, { dataset, root }, properties);
  // The whole path comes back, not its content: it is restored apart, and only its leaf takes the place.
  const target = dataset === undefined ? root : posix.join(root, '.restored');
  const leaf = posix.join(target, path);
  const verified = before?.snapshot === snapshot.id && before.verified;
  if (!verified) {
    // restic writes over files, and fails at links and pipes of an earlier try.
    if ((await host.files.stat(root)) !== undefined) {
      await exec(sh`find ${root} -xdev ! -type d ! -type f -delete`);
    }
    await writeRecord(host, recordFile, { snapshot: snapshot.id, verified: false });
    progress({ doing: `restoring from ${source.kind}`, totalBytes: bytes, totalFiles: files.length });
    const command = restic(source, restoreArgs(snapshot.id, target, path));
    mustSucceed(command, await exec(command, { anyExit: true }));
    await mustEqual(host, leaf, listing);
    await exec(sh`sync -f ${leaf}`);
    await writeRecord(host, recordFile, { snapshot: snapshot.id, verified: true });
  }
  const tree = dataset === undefined ? leaf : root;
  if (dataset !== undefined) await raise(context, root, path);
  await mustEqual(host, tree, listing);
  const { state, why } = await lookAtTree(host, tree, place, run.folder);
  if (state !== 'present') throw new StepError('restore.unsound', `what was restored is ${state}: ${why}`);
  return {
    is: 'staged',
    snapshot: snapshot.id,
    detail: `the snapshot ${snapshot.id.slice(0, 8)} of ${snapshot.time.slice(0, 19)}, ${files.length} files`,
    tree,
  };
}

function restoreArgs(snapshot: string, target: string, path: string): string[] {
  const include = path.replaceAll(/[\\*?[\]]/g, String.raw`\$&`);
  return ['restore', '--verify', '--no-lock', '--target', target, '--include', include, snapshot];
}

async function listSnapshot(
  { exec }: Working,
  source: ResticSource,
  snapshot: string,
  path: string,
): Promise<readonly Listed[]> {
  const lines: string[] = [];
  const list = restic(source, ['ls', '--json', '--no-lock', '--recursive', snapshot, path]);
  const onLine = (line: string, stream: 'stdout' | 'stderr') => {
    if (stream === 'stdout') lines.push(line);
  };
  mustSucceed(list, await exec(list, { anyExit: true, quiet: true, onLine }));
  return parseResticListing(lines, path);
}

/**
 * Moves what lies beneath the restored path up to the root of the dataset, and gives the root the folder's
 * owner, mode, ACL and attributes. Begun before, it goes on.
 */
async function raise({ host, exec }: Working, root: string, path: string): Promise<void> {
  const leaf = posix.join(root, '.restored', path);
  for (const name of (await host.files.list(leaf)) ?? []) {
    await host.files.rename(posix.join(leaf, name), posix.join(root, name));
  }
  if ((await host.files.stat(leaf)) !== undefined) {
    // Of the folder alone, which is empty by now. rsync fails where an ACL or attribute cannot be had.
    await exec(sh`rsync -dpgoAX --numeric-ids -- ${leaf}/ ${root}`);
  }
  if ((await host.files.stat(posix.join(root, '.restored'))) !== undefined) {
    await exec(sh`find ${posix.join(root, '.restored')} -xdev -depth -type d -empty -delete`);
  }
}

async function mustEqual(host: Working['host'], tree: string, listing: readonly Listed[]): Promise<void> {
  const differences = listingDifferences(listing, await listTree(host, tree));
  if (differences.length === 0) return;
  throw new StepError(
    'restore.differs',
    `what was restored is not what the backup lists: ${differences.join('; ')}`,
  );
}

function notOurs(others: readonly Snapshot[], source: ResticSource, path: string): StepError {
  const hosts = [...new Set(others.map(({ hostname }) => hostname))].join(', ');
  const tags = (source.tags ?? []).length === 0 ? '' : ` with the tags ${source.tags?.join(', ')}`;
  return new StepError(
    'restore.none-fits',
    `${others.length} snapshots hold ${path}, and none is of the host ${source.host}${tags}; they are of ${hosts}`,
    'When one of them is meant, name its host and tags.',
  );
}

async function readRecord(host: Working['host'], file: string): Promise<z.output<typeof record> | undefined> {
  const text = await host.files.read(file);
  return text === undefined ? undefined : record.parse(JSON.parse(text));
}

function writeRecord(host: Working['host'], file: string, content: z.input<typeof record>): Promise<void> {
  return host.files.replace(file, `${JSON.stringify(content)}\n`);
}
