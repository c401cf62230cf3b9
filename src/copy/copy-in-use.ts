import { showPath, under } from './byte-path.ts';
import { entryOf, type Entry } from './entry.ts';
import { hashFiles, type HashJob } from './hash-pool.ts';
import { ProgressReport } from './progress-report.ts';
import { choose } from './sample.ts';
import type { Manifest } from './manifest-read.ts';
import type { Watch } from './verify.ts';
import { look } from './walk.ts';
import { readsDirectly } from './content-check.ts';

/** How a copy fares that has been in use since it was verified. */
export interface CopyInUse {
  /** Files that were looked at. */
  readonly files: number;
  /** Of those, the ones whose content was read and is as it was copied. */
  readonly sound: number;
  /** Written to since, with a new time or size. */
  readonly changed: number;
  readonly missing: readonly string[];
  /** Another content under the same size and time, or unreadable. */
  readonly damaged: readonly string[];
}

/**
 * Compares files with the manifest and allows for use: what has a new time or size was written to.
 *
 * @param sample how many files, chosen by the seed; all when left out
 */
export async function checkCopyInUse(
  manifest: Manifest,
  target: string,
  sample: { readonly files: number; readonly seed: string } | undefined,
  watch: Watch,
): Promise<CopyInUse> {
  const entries =
    sample === undefined ? manifest.entries() : choose(manifest.entries(), sample.files, sample.seed);
  const goal = Array.isArray(entries) ? goalOf(entries) : manifest.summary;
  const report = new ProgressReport('verifying the new copy', goal, watch.progress, watch.now);
  const missing: string[] = [];
  const damaged: string[] = [];
  const open = new Map<number, Entry>();
  let [files, sound, changed, next] = [0, 0, 0, 0];
  const jobs = function* (): Generator<HashJob, void> {
    for (const entry of entries) {
      if (entry.type !== 'file' || entry.size === undefined) continue;
      files += 1;
      report.add(0, 1);
      const stat = look(target, entry.path);
      if (stat === undefined) missing.push(showPath(entry.path));
      else {
        const now = entryOf(target, { path: entry.path, stat });
        if (now.type !== 'file' || now.size !== entry.size || now.mtimeNs !== entry.mtimeNs) changed += 1;
        else {
          open.set(next, entry);
          yield { id: next, path: under(target, entry.path), size: entry.size };
          next += 1;
        }
      }
    }
  };
  await hashFiles(jobs(), {
    readers: 8,
    direct: readsDirectly(target),
    signal: watch.signal,
    onRead: (bytes) => report.add(bytes, 0),
    onResult: ({ id, hash }) => {
      const entry = open.get(id);
      open.delete(id);
      if (entry === undefined) return;
      if (hash === entry.hash) sound += 1;
      else damaged.push(showPath(entry.path));
    },
  });
  report.end();
  return { files, sound, changed, missing, damaged };
}

function goalOf(entries: readonly Entry[]): { bytes: number; files: number } {
  return { files: entries.length, bytes: entries.reduce((sum, { size = 0 }) => sum + size, 0) };
}
