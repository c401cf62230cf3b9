import { messageOf } from '../errors.ts';
import { isWithin, showPath, type BytePath } from './byte-path.ts';
import { ContentCheck } from './content-check.ts';
import { Differences, type Verification } from './verification.ts';
import { attributeDifferences, metadataDifferences, type Difference } from './difference.ts';
import { entryOf, type Entry } from './entry.ts';
import { HardLinks } from './hard-links.ts';
import type { HashJob } from './hash-pool.ts';
import type { Manifest } from './manifest-read.ts';
import { merge } from './merge.ts';
import { ProgressReport, type CopyProgress } from './progress-report.ts';
import { excludedPaths } from './rsync-command.ts';
import type { VerifiedLog } from './verified-log.ts';
import { isChosen } from './sample.ts';
import { localTree, type Tree } from './tree.ts';

export interface VerifyOptions {
  readonly manifest: Manifest;
  /** Absolute. */
  readonly target: string;
  /** The target, where it is on another machine. */
  readonly tree?: Tree | undefined;
  /** Files read at the same time; 8 when left out. */
  readonly readers?: number | undefined;
  /** How many differences the result holds; 20 when left out. */
  readonly keep?: number | undefined;
  /** Reads the content of this share of the files only, 0 to 1; all else is compared of every path. */
  readonly sample?: { readonly share: number; readonly seed: string } | undefined;
  /** What makes it go on where it was killed. */
  readonly log?: VerifiedLog | undefined;
  /** Told of every difference, also of those that the result does not hold. */
  readonly onDifference?: ((difference: Difference) => void) | undefined;
}

export interface Watch {
  readonly progress: (progress: CopyProgress) => void;
  /** Milliseconds of a clock that does not jump. */
  readonly now: () => number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Compares a tree with its manifest in everything: content, which it reads from the disk where that
 * can be, names, types, modes, owners, times, links, attributes. Reads the target alone.
 *
 * @throws StepError when the manifest or the tree cannot be read at all; differences are no errors
 */
export async function verify(options: VerifyOptions, watch: Watch): Promise<Verification> {
  const { manifest, target, readers = 8, keep = 20, log, sample } = options;
  const tree = options.tree ?? localTree(target);
  const differences = new Differences(keep, options.onDifference);
  const content = new ContentCheck(target, differences, (index, inode, ctimeNs) => {
    if (log?.isOlder(ctimeNs) === true) log.add(index, inode, ctimeNs, watch.now());
  });
  const links = new HardLinks();
  const attributes = tree.attributes(watch.signal);
  const expectedAttributes = new Map<BytePath, NonNullable<Entry['attributes']>>();
  const report = new ProgressReport('verifying', manifest.summary, watch.progress, watch.now);
  const direct = await tree.readsDirectly();
  let bytesRead = 0;
  let entries = 0;

  const unreadable = new Set<BytePath>();
  const paths = await tree.paths({
    exclude: excludedPaths(manifest.header.excluded),
    signal: watch.signal,
    onUnreadable: (path, error) => {
      unreadable.add(path);
      differences.add({ kind: 'unreadable', path: showPath(path), found: messageOf(error.cause) });
    },
  });
  const jobs = function* (): Generator<HashJob, void> {
    for (const { path, entry, found } of merge(manifest.entries(), paths)) {
      if (entry === undefined && isLostAndFound(path)) continue;
      if (entry === undefined) {
        differences.add({ kind: 'extra', path: showPath(path) });
        continue;
      }
      const index = entries;
      entries += 1;
      if (entry.type === 'file') report.add(0, 1);
      if (found === undefined) {
        // Nobody can tell what is in a folder that cannot be read.
        if (unreadable.size === 0 || !isWithin(path, unreadable))
          differences.add({ kind: 'missing', path: showPath(path) });
        continue;
      }
      const is = entryOf(target, found);
      // Further names of an inode have its attributes, here as in the manifest.
      if (links.isNew(is)) {
        attributes.add(path);
        if (entry.attributes !== undefined) expectedAttributes.set(path, entry.attributes);
      }
      const job = compare(entry, is, index, { differences, links, content, log, sample });
      if (job !== undefined) yield job;
    }
  };

  try {
    await tree.hash(jobs(), {
      readers,
      direct,
      signal: watch.signal,
      onResult: (result) => content.take(result),
      onRead: (bytes) => {
        bytesRead += bytes;
        report.add(bytes, 0);
      },
    });
    const found = await attributes.finish();
    for (const path of new Set([...expectedAttributes.keys(), ...found.keys()])) {
      differences.add(...attributeDifferences(showPath(path), expectedAttributes.get(path), found.get(path)));
    }
  } finally {
    attributes.abandon();
    log?.sync();
  }
  differences.add(...links.finish());
  report.end();
  return {
    target: tree.place,
    manifest: manifest.summary.sha256,
    entries,
    filesRead: content.filesRead,
    filesReadBefore: content.filesReadBefore,
    bytesRead,
    differences: differences.count,
    kinds: differences.kinds,
    first: differences.first,
    cache: direct && content.cachedFiles === 0 ? 'bypassed' : 'may be cached',
  };
}

interface Ledger {
  readonly differences: Differences;
  readonly links: HardLinks;
  readonly content: ContentCheck;
  readonly log: VerifiedLog | undefined;
  readonly sample: VerifyOptions['sample'];
}

/** Compares one path at once, and gives the reading that remains. */
function compare(
  entry: Entry,
  found: Entry,
  index: number,
  { differences, links, content, log, sample }: Ledger,
): HashJob | undefined {
  const metadata = metadataDifferences(entry, found);
  differences.add(...metadata);
  if (entry.type !== found.type) return undefined;
  if (entry.type !== 'folder') {
    const relinked = links.add(entry, found);
    if (relinked !== undefined) differences.add(relinked);
  }
  if (entry.hash === undefined || entry.size === undefined || entry.size !== found.size) return undefined;
  const { path, hash, size } = entry;
  if (sample !== undefined && !isChosen(path, sample.share, sample.seed)) return undefined;
  const expected = { path, hash, size, index, inode: found.links === undefined ? undefined : found.inode };
  if (log?.has(index, found.inode, found.ctimeNs) !== true) return content.expect(expected);
  content.isSound(expected);
  return undefined;
}

/** A file system's own folder, which rsync is told to leave alone. */
function isLostAndFound(path: BytePath): boolean {
  return path === 'lost+found' || path.startsWith('lost+found/');
}
