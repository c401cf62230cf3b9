import { Worker } from 'node:worker_threads';
import type { BytePath } from './byte-path.ts';
import { keepHeapSmall } from './small-heap.ts';
import type { HashAnswer, HashBatch, HashFound } from './hash-worker.ts';

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
// The next batch waits at the worker, so that the disk is never idle.
const batchesAhead = 2;
// The loader of the sources strips types; the package is compiled.
const workerFile = new URL(
  import.meta.url.endsWith('.ts') ? './hash-worker.ts' : './hash-worker.js',
  import.meta.url,
);

/**
 * Hashes files in threads, each of which reads with plain blocking calls: reading a cold disk is bound
 * by latency, so what counts is how many reads wait at the same time.
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

interface Batch {
  readonly ids: readonly number[];
  readonly paths: readonly BytePath[];
}

interface Reader {
  readonly worker: Worker;
  /** What it was given and has not answered, in that order. */
  readonly waiting: Batch[];
}

class HashPool {
  readonly #batches: Generator<Batch, void>;
  readonly #options: HashOptions;
  readonly #readers: Reader[] = [];
  readonly #done = Promise.withResolvers<void>();
  #exhausted = false;

  constructor(batches: Generator<Batch, void>, options: HashOptions) {
    this.#batches = batches;
    this.#options = options;
  }

  run(): Promise<void> {
    // A thread costs more than a small tree, so each starts only when those before it are all busy.
    while (!this.#exhausted && this.#readers.length < this.#options.readers) this.#start();
    return this.#done.promise;
  }

  fail(thrown: unknown): void {
    this.#exhausted = true;
    this.#done.reject(thrown);
  }

  async end(): Promise<void> {
    await Promise.all(this.#readers.map(({ worker }) => worker.terminate()));
  }

  #start(): void {
    const reader: Reader = {
      worker: new Worker(workerFile, {
        resourceLimits: { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 24 },
      }),
      waiting: [],
    };
    this.#readers.push(reader);
    for (const event of ['error', 'messageerror']) reader.worker.on(event, (error) => this.fail(error));
    reader.worker.on('message', (answer: HashAnswer) => this.#attempt(() => this.#take(reader, answer)));
    this.#attempt(() => this.#feed(reader));
  }

  #take(reader: Reader, answer: HashAnswer): void {
    if ('read' in answer) {
      this.#options.onRead?.(answer.read);
      return;
    }
    const ids = reader.waiting.shift()?.ids ?? [];
    for (const [index, found] of answer.results.entries())
      this.#options.onResult({ id: ids[index] ?? -1, ...found });
    this.#feed(reader);
  }

  #feed(reader: Reader): void {
    while (!this.#exhausted && reader.waiting.length < batchesAhead) {
      const { value } = this.#batches.next();
      if (value === undefined) this.#exhausted = true;
      else {
        const { direct } = this.#options;
        reader.worker.postMessage({ direct, paths: value.paths.join('\0') } satisfies HashBatch);
        reader.waiting.push(value);
      }
    }
    if (this.#exhausted && this.#readers.every(({ waiting }) => waiting.length === 0)) this.#done.resolve();
  }

  #attempt(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.fail(error);
    }
  }
}

function* batched(jobs: Iterable<HashJob>): Generator<Batch, void> {
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
