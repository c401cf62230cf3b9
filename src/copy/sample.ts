import { createHash } from 'node:crypto';
import { showPath } from './byte-path.ts';
import { ContentCheck, readsDirectly } from './content-check.ts';
import { entryOf, type Entry } from './entry.ts';
import { HardLinks } from './hard-links.ts';
import { hashFiles, type HashJob } from './hash-pool.ts';
import { ProgressReport } from './progress-report.ts';
import { Differences, type Verification } from './verification.ts';
import { compare, type VerifyOptions, type Watch } from './verify.ts';
import { look } from './walk.ts';

export interface SampleOptions extends VerifyOptions {
  /** How many files. */
  readonly files: number;
  /** The same seed chooses the same files. */
  readonly seed: string;
}

/** As `verify`, but of some files only; extra paths, attributes and lost hard links go unseen. */
export async function verifySample(options: SampleOptions, watch: Watch): Promise<Verification> {
  const { manifest, target, readers = 8, keep = 20, files, seed } = options;
  const chosen = choose(manifest.entries(), files, seed);
  const differences = new Differences(keep, options.onDifference);
  const content = new ContentCheck(target, differences);
  const links = new HardLinks();
  const bytes = chosen.reduce((sum, { size = 0 }) => sum + size, 0);
  const report = new ProgressReport(
    'verifying a sample',
    { bytes, files: chosen.length },
    watch.progress,
    watch.now,
  );
  const direct = readsDirectly(target);
  let bytesRead = 0;
  const jobs = function* (): Generator<HashJob, void> {
    for (const entry of chosen) {
      report.add(0, 1);
      const stat = look(target, entry.path);
      if (stat === undefined) {
        differences.add({ kind: 'missing', path: showPath(entry.path) });
        continue;
      }
      const found = entryOf(target, { path: entry.path, stat });
      const job = compare(entry, found, { differences, links, content });
      if (job !== undefined) yield job;
    }
  };
  await hashFiles(jobs(), {
    readers,
    direct,
    signal: watch.signal,
    onResult: (result) => content.take(result),
    onRead: (count) => {
      bytesRead += count;
      report.add(count, 0);
    },
  });
  report.end();
  return {
    target,
    manifest: manifest.summary.sha256,
    entries: chosen.length,
    filesRead: content.filesRead,
    bytesRead,
    differences: differences.count,
    kinds: differences.kinds,
    first: differences.first,
    cache: direct && content.cachedFiles === 0 ? 'bypassed' : 'may be cached',
    sample: { files: chosen.length, seed },
  };
}

/** Files by the lowest digests of seed and path: every file is as likely as any other. */
export function choose(entries: Iterable<Entry>, count: number, seed: string): Entry[] {
  let chosen: { rank: string; entry: Entry }[] = [];
  const cut = () => {
    chosen = chosen.toSorted((one, other) => (one.rank < other.rank ? -1 : 1)).slice(0, count);
  };
  for (const entry of entries) {
    if (entry.type !== 'file') continue;
    const rank = createHash('sha256').update(seed).update('\0').update(entry.path, 'latin1').digest('hex');
    chosen.push({ rank, entry });
    if (chosen.length > count * 2 + 1_000) cut();
  }
  cut();
  return chosen.map(({ entry }) => entry);
}
