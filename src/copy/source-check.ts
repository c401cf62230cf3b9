import { showPath, under, type BytePath } from './byte-path.ts';
import { entryOf, type Entry } from './entry.ts';
import type { HashJob } from './hash-pool.ts';
import { inTurns } from './inventory-take.ts';
import type { CopyMachine } from './machine.ts';
import type { Manifest } from './manifest-read.ts';
import { merge } from './merge.ts';
import { ProgressReport } from './progress-report.ts';
import { excludedPaths } from './rsync-command.ts';
import { localTree, type Tree } from './tree.ts';

export interface SourceCheck {
  /** The manifest names them and the source lacks them. */
  readonly missing: readonly string[];
  readonly missingPaths: readonly BytePath[];
  /** Changed in the ordinary way, with a new time or size. */
  readonly changed: readonly string[];
  /** Another content under the same size and time: damage. */
  readonly damaged: readonly string[];
  readonly extra: number;
}

export interface SourceCheckOptions {
  readonly signal?: AbortSignal | undefined;
  /** The source, where it is on another machine. */
  readonly tree?: Tree | undefined;
  /**
   * Reads all of it, from its disk where that can be, since a disk loses bits without telling. Else only
   * what the change time says that something was done to.
   */
  readonly whole?: Pick<CopyMachine, 'progress' | 'now'> | undefined;
}

/** Whether the source still is what the manifest says. */
export async function checkSource(
  manifest: Manifest,
  from: string,
  { signal, whole, tree = localTree(from) }: SourceCheckOptions = {},
): Promise<SourceCheck> {
  const missing: BytePath[] = [];
  const changed: string[] = [];
  const damaged: string[] = [];
  let extra = 0;
  const toRead: { path: BytePath; hash: string; size: number }[] = [];
  const linked = new Set<bigint>();
  const paths = await tree.paths({ exclude: excludedPaths(manifest.header.excluded), signal });
  for await (const { path, entry, found } of inTurns(merge(manifest.entries(), paths), signal)) {
    if (entry === undefined || found === undefined) {
      if (entry === undefined) extra += 1;
      else missing.push(path);
      continue;
    }
    const touched = entry.inode !== found.stat.ino || entry.ctimeNs !== found.stat.ctimeNs;
    if (touched && isChanged(entry, entryOf(from, found))) {
      changed.push(showPath(path));
      continue;
    }
    if (entry.hash === undefined || (!touched && whole === undefined)) continue;
    // Names of an untouched inode are one file.
    if (!touched && linked.has(entry.inode)) continue;
    if (!touched && entry.links !== undefined) linked.add(entry.inode);
    toRead.push({ path, hash: entry.hash, size: entry.size ?? 0 });
  }
  const goal = { files: toRead.length, bytes: toRead.reduce((sum, { size }) => sum + size, 0) };
  const report = whole && new ProgressReport('reading the source', goal, whole.progress, whole.now);
  const jobs = function* (): Generator<HashJob, void> {
    for (const [id, { path, size }] of toRead.entries()) yield { id, path: under(from, path), size };
  };
  await tree.hash(jobs(), {
    readers: 8,
    direct: whole !== undefined && (await tree.readsDirectly()),
    signal,
    onRead: (bytes) => report?.add(bytes, 0),
    onResult: ({ id, hash }) => {
      report?.add(0, 1);
      const read = toRead[id];
      if (read !== undefined && hash !== read.hash) damaged.push(showPath(read.path));
    },
  });
  report?.end();
  return { missing: missing.map(showPath), missingPaths: missing, changed, damaged, extra };
}

/** In the ordinary way; a folder changes with what it holds. */
function isChanged(entry: Entry, now: Entry): boolean {
  const same = entry.type === now.type && entry.size === now.size && entry.target === now.target;
  return entry.type !== 'folder' && (!same || entry.mtimeNs !== now.mtimeNs);
}

/** Whether nothing at all was done to the source since, by its inodes and ctimes; reads no content. */
export async function isSourceUntouched(
  manifest: Manifest,
  from: string,
  signal?: AbortSignal,
  tree: Tree = localTree(from),
): Promise<boolean> {
  const paths = await tree.paths({ exclude: excludedPaths(manifest.header.excluded), signal });
  for await (const { entry, found } of inTurns(merge(manifest.entries(), paths), signal)) {
    if (entry === undefined || found === undefined) return false;
    if (entry.inode !== found.stat.ino || entry.ctimeNs !== found.stat.ctimeNs) return false;
  }
  return true;
}
