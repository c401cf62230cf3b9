import { readsDirectly } from './content-check.ts';
import { under } from './byte-path.ts';
import { hashFiles, type HashJob } from './hash-pool.ts';
import type { Inventory } from './inventory.ts';
import { workOf, type Goal } from './progress.ts';

/** Milliseconds that a measurement takes at most, unless it is told otherwise. */
const usualPatienceMs = 1_500;

interface Watch {
  /** Milliseconds of a clock that does not jump. */
  readonly now: () => number;
  readonly signal?: AbortSignal | undefined;
  readonly patienceMs?: number | undefined;
}

/** Below that a copy is done before anybody would read an estimate. */
const worthIt = 1024 ** 3;
/** As many as read ahead of rsync. */
const readers = 4;

/**
 * Milliseconds that one reading of some part of a tree takes, by reading files here and there for a
 * second or two. `undefined` where there is little to read, or where memory might answer for the disk.
 *
 * @param part what is to be read of it in the end
 */
export async function readingTime(
  from: string,
  inventory: Inventory,
  part: Goal,
  { now, signal, patienceMs = usualPatienceMs }: Watch,
): Promise<number | undefined> {
  const whole = workOf(part);
  if (whole < worthIt || !readsDirectly(from)) return undefined;
  const enough = new AbortController();
  const timer = setTimeout(() => enough.abort(), patienceMs);
  const read = { bytes: 0, files: 0 };
  const began = now();
  try {
    await hashFiles(hereAndThere(from, inventory), {
      readers,
      direct: true,
      signal: AbortSignal.any([enough.signal, ...(signal === undefined ? [] : [signal])]),
      onRead: (bytes) => (read.bytes += bytes),
      onResult: () => (read.files += 1),
    });
  } catch (error) {
    signal?.throwIfAborted();
    if (!enough.signal.aborted) throw error;
  } finally {
    clearTimeout(timer);
  }
  return timeFor(whole, workOf(read), now() - began);
}

/** Milliseconds for all of the work, when a part of it took so many. */
export function timeFor(whole: number, done: number, tookMs: number): number | undefined {
  return done > 0 && tookMs > 0 ? Math.round((whole / done) * tookMs) : undefined;
}

/** Neighbours in a tree are neighbours on the disk, and read faster than the rest. */
function* hereAndThere(from: string, inventory: Inventory): Generator<HashJob, void> {
  const { paths } = inventory;
  const step = coprime(Math.floor(paths.size * 0.618), paths.size);
  for (let count = 0; count < paths.size; count += 1) {
    const [path, slot] = paths.at((count * step) % paths.size);
    const size = inventory.sizeOf(slot);
    if (size > 0) yield { id: count, path: under(from, path), size };
  }
}

/** The next number from which on steps reach each of so many places once. */
function coprime(from: number, count: number): number {
  const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));
  let step = Math.max(1, from);
  while (divisor(step, count) !== 1) step += 1;
  return step;
}
