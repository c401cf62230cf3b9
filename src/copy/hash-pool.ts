import { Worker } from 'node:worker_threads';
import type { HashAnswer, HashBatch, HashResult } from './hash-worker.ts';

export interface HashJob {
  readonly id: number;
  /** Absolute. */
  readonly path: Buffer;
  /** Bytes, as far as known; it only balances the work. */
  readonly size: number;
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
  const batches = batched(jobs);
  const workers: { worker: Worker; waiting: number }[] = [];
  const { signal } = options;
  signal?.throwIfAborted();
  let onAbort = () => {};
  await new Promise<void>((resolve, reject) => {
    let exhausted = false;
    onAbort = () => reject(signal?.reason as Error);
    signal?.addEventListener('abort', onAbort);
    const feed = (one: { worker: Worker; waiting: number }) => {
      try {
        while (!exhausted && one.waiting < batchesAhead) {
          const { value, done } = batches.next();
          if (done === true) exhausted = true;
          else {
            one.worker.postMessage({ direct: options.direct, files: value } satisfies HashBatch);
            one.waiting += 1;
          }
        }
        if (exhausted && workers.every(({ waiting }) => waiting === 0)) resolve();
      } catch (error) {
        reject(error as Error);
      }
    };
    const start = () => {
      const one = { worker: new Worker(workerFile), waiting: 0 };
      workers.push(one);
      one.worker.on('error', reject);
      one.worker.on('messageerror', reject);
      one.worker.on('message', (answer: HashAnswer) => {
        try {
          if ('read' in answer) return options.onRead?.(answer.read);
          for (const result of answer.results) options.onResult(result);
        } catch (error) {
          reject(error as Error);
        }
        one.waiting -= 1;
        feed(one);
      });
      feed(one);
    };
    // A thread costs more than a small tree, so each starts only when those before it are all busy.
    while (!exhausted && workers.length < options.readers) start();
  }).finally(async () => {
    signal?.removeEventListener('abort', onAbort);
    await Promise.all(workers.map(({ worker }) => worker.terminate()));
  });
}

function* batched(jobs: Iterable<HashJob>): Generator<HashBatch['files'], void> {
  let files: { id: number; path: Buffer }[] = [];
  let bytes = 0;
  for (const { id, path, size } of jobs) {
    files.push({ id, path });
    bytes += size;
    if (files.length < batchFiles && bytes < batchBytes) continue;
    yield files;
    files = [];
    bytes = 0;
  }
  if (files.length > 0) yield files;
}
