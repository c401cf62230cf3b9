import { showPath, under, type BytePath } from './byte-path.ts';
import { entryOf } from './entry.ts';
import { hashFiles, type HashJob } from './hash-pool.ts';
import { inTurns } from './inventory-take.ts';
import type { Manifest } from './manifest-read.ts';
import { merge } from './merge.ts';
import { excludedPaths } from './rsync-command.ts';
import { walk } from './walk.ts';

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

/**
 * Whether the source still is what the manifest says. Content is read only where the ctime says that
 * something was done to the file.
 */
export async function checkSource(
  manifest: Manifest,
  from: string,
  signal?: AbortSignal,
): Promise<SourceCheck> {
  const missing: BytePath[] = [];
  const changed: string[] = [];
  const damaged: string[] = [];
  let extra = 0;
  const toRead: { path: BytePath; hash: string; size: number }[] = [];
  const tree = walk(from, { exclude: excludedPaths(manifest.header.excluded) });
  for await (const { path, entry, found } of inTurns(merge(manifest.entries(), tree), signal)) {
    if (entry === undefined) extra += 1;
    else if (found === undefined) missing.push(path);
    else if (entry.inode !== found.stat.ino || entry.ctimeNs !== found.stat.ctimeNs) {
      const now = entryOf(from, found);
      const same = entry.type === now.type && entry.size === now.size && entry.target === now.target;
      if (entry.type !== 'folder' && (!same || entry.mtimeNs !== now.mtimeNs)) changed.push(showPath(path));
      else if (entry.hash !== undefined) toRead.push({ path, hash: entry.hash, size: entry.size ?? 0 });
    }
  }
  const jobs = function* (): Generator<HashJob, void> {
    for (const [id, { path, size }] of toRead.entries()) yield { id, path: under(from, path), size };
  };
  await hashFiles(jobs(), {
    readers: 8,
    direct: false,
    signal,
    onResult: ({ id, hash }) => {
      const read = toRead[id];
      if (read !== undefined && hash !== read.hash) damaged.push(showPath(read.path));
    },
  });
  return { missing: missing.map(showPath), missingPaths: missing, changed, damaged, extra };
}

/** Whether nothing at all was done to the source since, by its inodes and ctimes; reads no content. */
export async function isSourceUntouched(
  manifest: Manifest,
  from: string,
  signal?: AbortSignal,
): Promise<boolean> {
  const tree = walk(from, { exclude: excludedPaths(manifest.header.excluded) });
  for await (const { entry, found } of inTurns(merge(manifest.entries(), tree), signal)) {
    if (entry === undefined || found === undefined) return false;
    if (entry.inode !== found.stat.ino || entry.ctimeNs !== found.stat.ctimeNs) return false;
  }
  return true;
}
