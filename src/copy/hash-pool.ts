import type { BytePath } from './byte-path.ts';
import { keepHeapSmall } from './small-heap.ts';
import { HashReaders, type ReadBatch } from './hash-readers.ts';
import type { HashFound } from './hash-worker.ts';

export interface HashJob {
  readonly id: number;
  /** From the root of the file system. */
  readonly path: BytePath;
  /** Bytes, as far as known; it only balances the work. */
  readonly size: number;
}

export interface HashResult extends HashFound {
  readonly id: number;
}

export interface HashOptions {
  /** How many files are read at the same time. */
  readonly readers: number;
  /** Past the page cache, where the file system allows it. */
  readonly direct: boolean;
  readonly onResult: (result: HashResult) => void;
  readonly onRead?: ((bytes: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

const batchFiles = 64;
const batchBytes = 8 * 1024 * 1024;

/**
 * Hashes files, several at the same time.
 *
 * @param jobs taken as they are needed
 * @throws what taking a job threw, or the signal's reason
 */
export async function hashFiles(jobs: Iterable<HashJob>, options: HashOptions): Promise<void> {
  const { signal } = options;
  signal?.throwIfAborted();
  keepHeapSmall();
  const pool = new HashPool(batched(jobs), options);
  const abort = () => pool.fail(signal?.reason);
  signal?.addEventListener('abort', abort);
  try {
    await pool.run();
  } finally {
    signal?.removeEventListener('abort', abort);
    await pool.end();
  }
}

class HashPool {
  readonly #batches: Generator<ReadBatch, void>;
  readonly #readers: HashReaders;
  readonly #done = Promise.withResolvers<void>();
  #exhausted = false;

  constructor(batches: Generator<ReadBatch, void>, { onResult, ...options }: HashOptions) {
    this.#batches = batches;
    this.#readers = new HashReaders({
      ...options,
      onResult: (id, found) => onResult({ id, ...found }),
      onRoom: () => this.#feed(),
      onFailure: (thrown) => this.fail(thrown),
    });
  }

  run(): Promise<void> {
    try {
      this.#feed();
    } catch (error) {
      this.fail(error);
    }
    return this.#done.promise;
  }

  fail(thrown: unknown): void {
    this.#exhausted = true;
    this.#done.reject(thrown);
  }

  end(): Promise<void> {
    return this.#readers.end();
  }

  #feed(): void {
    while (!this.#exhausted && this.#readers.hasRoom) {
      const { value } = this.#batches.next();
      if (value === undefined) this.#exhausted = true;
      else this.#readers.give(value);
    }
    if (this.#exhausted && this.#readers.isIdle) this.#done.resolve();
  }
}

/** Batches small enough that all threads end at about the same time. */
export function* batched(jobs: Iterable<HashJob>): Generator<ReadBatch, void> {
  let [ids, paths, bytes]: [number[], BytePath[], number] = [[], [], 0];
  for (const { id, path, size } of jobs) {
    ids.push(id);
    paths.push(path);
    bytes += size;
    if (ids.length < batchFiles && bytes < batchBytes) continue;
    yield { ids, paths };
    [ids, paths, bytes] = [[], [], 0];
  }
  if (ids.length > 0) yield { ids, paths };
}
