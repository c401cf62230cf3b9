import { Worker } from 'node:worker_threads';
import type { BytePath } from './byte-path.ts';
import type { HashAnswer, HashBatch, HashFound } from './hash-worker.ts';

/** Files that are read one after another by one thread. */
export interface ReadBatch {
  readonly ids: readonly number[];
  /** From the root of the file system. */
  readonly paths: readonly BytePath[];
}

export interface ReadersOptions {
  /** How many files are read at the same time. */
  readonly readers: number;
  /** Past the page cache, where the file system allows it. */
  readonly direct: boolean;
  readonly onResult: (id: number, found: HashFound) => void;
  readonly onRead?: ((bytes: number) => void) | undefined;
  /** A batch is done, so there is room for another. */
  readonly onRoom: () => void;
  /** A thread failed, or one of the above threw. */
  readonly onFailure: (thrown: unknown) => void;
}

// The next batch waits at the thread, so that the disk is never idle.
const batchesAhead = 2;
// The loader of the sources strips types; the package is compiled.
const workerFile = new URL(
  import.meta.url.endsWith('.ts') ? './hash-worker.ts' : './hash-worker.js',
  import.meta.url,
);

interface Reader {
  readonly worker: Worker;
  /** What it was given and has not answered, in that order. */
  readonly waiting: ReadBatch[];
}

/**
 * Threads that read and hash with plain blocking calls: reading a cold disk is bound by latency, so what
 * counts is how many reads wait at the same time. A thread costs more than a small tree, so each is started
 * only when those before it are all busy.
 */
export class HashReaders {
  readonly #options: ReadersOptions;
  readonly #readers: Reader[] = [];

  constructor(options: ReadersOptions) {
    this.#options = options;
  }

  get hasRoom(): boolean {
    return this.#readers.length < this.#options.readers || this.#free() !== undefined;
  }

  get isIdle(): boolean {
    return this.#readers.every(({ waiting }) => waiting.length === 0);
  }

  /** To be called only while there is room. */
  give(batch: ReadBatch): void {
    const { worker, waiting } = this.#free() ?? this.#start();
    worker.postMessage({
      direct: this.#options.direct,
      paths: batch.paths.join('\0'),
    } satisfies HashBatch);
    waiting.push(batch);
  }

  async end(): Promise<void> {
    await Promise.all(this.#readers.map(({ worker }) => worker.terminate()));
  }

  #free(): Reader | undefined {
    let free: Reader | undefined;
    for (const reader of this.#readers)
      if (reader.waiting.length < (free?.waiting.length ?? batchesAhead)) free = reader;
    return free;
  }

  #start(): Reader {
    const worker = new Worker(workerFile, {
      resourceLimits: { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 24 },
    });
    const reader: Reader = { worker, waiting: [] };
    this.#readers.push(reader);
    for (const event of ['error', 'messageerror']) worker.on(event, this.#options.onFailure);
    worker.on('message', (answer: HashAnswer) => {
      try {
        this.#take(reader, answer);
      } catch (error) {
        this.#options.onFailure(error);
      }
    });
    return reader;
  }

  #take(reader: Reader, answer: HashAnswer): void {
    const { onRead, onResult, onRoom } = this.#options;
    if ('read' in answer) {
      onRead?.(answer.read);
      return;
    }
    const ids = reader.waiting.shift()?.ids ?? [];
    for (const [index, found] of answer.results.entries()) onResult(ids[index] ?? -1, found);
    onRoom();
  }
}
