import { fromText, showPath, under, type BytePath } from './byte-path.ts';
import { entryOf, type Entry } from './entry.ts';
import { hashFiles, type HashJob } from './hash-pool.ts';
import { inTurns } from './inventory-take.ts';
import type { Manifest } from './manifest-read.ts';
import { merge } from './merge.ts';
import { look, walk } from './walk.ts';

/** What the new copy would lack, were the old one deleted. */
export interface OldCopyNews {
  /** Made or changed in the old copy since the final pass, and not carried over. */
  readonly written: readonly string[];
  /** Deleted from the old copy since, and still in the new one. */
  readonly deleted: readonly string[];
  /** The copy left them out from the beginning. */
  readonly neverCopied: readonly string[];
}

export interface OldCopyQuestion {
  readonly manifest: Manifest;
  /** Where the old copy is now. */
  readonly root: string;
  readonly newCopy: string;
  /** Whether anything at all is asked about a path: what stays, or is worth nothing, is not. */
  readonly asked: (path: BytePath) => boolean;
  /** A part of it was deleted by an earlier attempt, so nothing follows from what is missing. */
  readonly begun: boolean;
  readonly signal?: AbortSignal | undefined;
}

interface Candidate {
  readonly entry: Entry | undefined;
  readonly now: Entry;
}

/**
 * Compares the old copy with the manifest: inode and change time, which nobody can set, tell whether
 * anything was done to a path since the final pass. What still has the recorded content is no news,
 * nor is what the new copy holds alike by now. Content is read only of those that were touched.
 */
export async function newsOfOldCopy(question: OldCopyQuestion): Promise<OldCopyNews> {
  const { manifest, root, newCopy, asked, begun, signal } = question;
  const candidates: Candidate[] = [];
  const neverCopied: string[] = [];
  const deleted: string[] = [];
  const excluded = manifest.header.excluded.map(fromText);
  for await (const { path, entry, found } of inTurns(merge(manifest.entries(), walk(root)), signal)) {
    if (!asked(path) || path.split('/')[0] === 'lost+found') continue;
    if (found === undefined) {
      if (!begun && look(newCopy, path) !== undefined) deleted.push(showPath(path));
    } else if (entry === undefined && excluded.some((one) => path === one || path.startsWith(`${one}/`))) {
      neverCopied.push(showPath(path));
    } else if (entry?.inode !== found.stat.ino || entry.ctimeNs !== found.stat.ctimeNs) {
      const now = entryOf(root, found);
      if (now.type === 'file' || entry === undefined || !sameLook(entry, now))
        candidates.push({ entry, now });
    }
  }
  const old = await hashesOf(
    root,
    candidates.map(({ now }) => now),
    signal,
  );
  const open = candidates.filter(
    ({ entry, now }) =>
      entry === undefined ||
      !sameLook(entry, now) ||
      (now.type === 'file' && entry.hash !== old.get(now.path)),
  );
  const alike = open.filter(({ now }) => {
    const stat = look(newCopy, now.path);
    return stat !== undefined && sameLook(entryOf(newCopy, { path: now.path, stat }), now);
  });
  const carried = await hashesOf(
    newCopy,
    alike.map(({ now }) => now),
    signal,
  );
  const isCarried = ({ path, type }: Entry) =>
    type !== 'file' || (old.get(path) !== undefined && carried.get(path) === old.get(path));
  const known = new Set(alike.flatMap(({ now }) => (isCarried(now) ? [now.path] : [])));
  const written = open.filter(({ now }) => !known.has(now.path)).map(({ now }) => showPath(now.path));
  return { written, deleted, neverCopied };
}

/** Everything but content, times and names. Extended attributes are not among it. */
function sameLook(one: Entry, other: Entry): boolean {
  return (
    one.type === other.type &&
    (one.type === 'symlink' || one.mode === other.mode) &&
    one.uid === other.uid &&
    one.gid === other.gid &&
    one.size === other.size &&
    one.target === other.target &&
    one.device === other.device
  );
}

/** Of the files among them; one that cannot be read has none. */
async function hashesOf(
  root: string,
  entries: readonly Entry[],
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<BytePath, string | undefined>> {
  const files = entries.filter(({ type }) => type === 'file');
  const hashes = new Map<BytePath, string | undefined>();
  if (files.length === 0) return hashes;
  const jobs = function* (): Generator<HashJob, void> {
    for (const [id, { path, size = 0 }] of files.entries()) yield { id, path: under(root, path), size };
  };
  await hashFiles(jobs(), {
    readers: 8,
    direct: false,
    signal,
    onResult: ({ id, hash }) => {
      const file = files[id];
      if (file !== undefined) hashes.set(file.path, hash);
    },
  });
  return hashes;
}
