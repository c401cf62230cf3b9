import { comparePaths, showPath, under, type BytePath } from './byte-path.ts';
import { entryOf, typeOf, type Entry, type EntryType } from './entry.ts';
import type { HashJob } from './hash-pool.ts';
import { inTurns } from './inventory-take.ts';
import type { Manifest } from './manifest-read.ts';
import { merge } from './merge.ts';
import { excludedPaths } from './rsync-command.ts';
import { localTree, type Tree } from './tree.ts';
import { look, type Stat } from './walk.ts';

/** One path of a copy that is not as it was copied. */
export interface LaterWrite {
  readonly path: BytePath;
  readonly what: 'added' | 'changed' | 'deleted';
  /** As it is now; of what was deleted, as it was. */
  readonly type: EntryType;
  /** Of what was added or changed. */
  readonly bytes: number;
  /** Tells it from another write to the same path. */
  readonly stamp: string;
}

/**
 * What was done to a copy since its manifest was written, in the order of paths. All names are walked;
 * content is read only of files to which something was done since that shows in no time or size, so a
 * clock that was set back hides such a change. Times of folders do not count.
 */
export async function laterWrites(
  manifest: Manifest,
  target: string,
  signal?: AbortSignal,
  tree: Tree = localTree(target),
): Promise<readonly LaterWrite[]> {
  const writes: LaterWrite[] = [];
  const touched: { path: BytePath; hash: string; size: number; stamp: string }[] = [];
  const completed = BigInt(Date.parse(manifest.header.completedAt)) * 1_000_000n;
  const paths = await tree.paths({ exclude: excludedPaths(manifest.header.excluded), signal });
  for await (const { path, entry, found } of inTurns(merge(manifest.entries(), paths), signal)) {
    if (path === 'lost+found' || path.startsWith('lost+found/')) continue;
    if (found === undefined) {
      if (entry !== undefined) writes.push({ path, what: 'deleted', type: entry.type, bytes: 0, stamp: '' });
      continue;
    }
    const bytes = found.stat.isFile() ? Number(found.stat.size) : 0;
    const stamp = stampOf(found.stat);
    const write = { path, type: typeOf(found.stat), bytes, stamp };
    if (entry === undefined) writes.push({ ...write, what: 'added' });
    else if (differs(entry, entryOf(target, found))) writes.push({ ...write, what: 'changed' });
    else if (entry.hash !== undefined && found.stat.ctimeNs > completed)
      touched.push({ path, hash: entry.hash, size: bytes, stamp });
  }
  const jobs = function* (): Generator<HashJob, void> {
    for (const [id, { path, size }] of touched.entries()) yield { id, path: under(target, path), size };
  };
  await tree.hash(jobs(), {
    readers: 8,
    direct: false,
    signal,
    onResult: ({ id, hash }) => {
      const read = touched[id];
      if (read !== undefined && hash !== read.hash)
        writes.push({ path: read.path, what: 'changed', type: 'file', bytes: read.size, stamp: read.stamp });
    },
  });
  return writes.toSorted((one, other) => comparePaths(one.path, other.path));
}

/**
 * The writes, and with them what the copy alone still holds, as if it had been written there.
 *
 * @param lost paths of the manifest that the source lacks
 */
export function withTheLast(
  writes: readonly LaterWrite[],
  target: string,
  lost: readonly BytePath[],
): readonly LaterWrite[] {
  const known = new Set(writes.map(({ path }) => path));
  const alone = lost.flatMap((path): LaterWrite[] => {
    const stat = known.has(path) ? undefined : look(target, path);
    if (stat === undefined) return [];
    const bytes = stat.isFile() ? Number(stat.size) : 0;
    return [{ path, what: 'added', type: typeOf(stat), bytes, stamp: stampOf(stat) }];
  });
  return [...writes, ...alone].toSorted((one, other) => comparePaths(one.path, other.path));
}

/** Of a folder nothing, since whatever is written in it changes it. */
function stampOf(stat: Stat): string {
  return stat.isDirectory() ? '' : `${stat.ino}:${stat.ctimeNs}`;
}

function differs(then: Entry, now: Entry): boolean {
  if (then.type !== now.type || then.uid !== now.uid || then.gid !== now.gid) return true;
  if (now.type === 'symlink') return then.target !== now.target;
  if (then.mode !== now.mode) return true;
  return now.type !== 'folder' && (then.size !== now.size || then.mtimeNs !== now.mtimeNs);
}

/** The first few paths, for people. */
export function firstPaths(writes: readonly LaterWrite[], count: number): string[] {
  return writes.slice(0, count).map(({ path }) => showPath(path));
}
