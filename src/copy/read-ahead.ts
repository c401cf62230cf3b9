import { Worker } from 'node:worker_threads';
import { under } from './byte-path.ts';
import type { Inventory } from './inventory.ts';
import type { AheadFile } from './read-ahead-worker.ts';

const readers = 4;
const batchFiles = 32;
/** How far ahead: more would push out of memory what is not needed yet. */
const aheadFiles = 1_500;
// A thread costs more than few files bring.
const fewFiles = 500;
// The loader of the sources strips types; the package is compiled.
const workerFile = new URL(
  import.meta.url.endsWith('.ts') ? './read-ahead-worker.ts' : './read-ahead-worker.js',
  import.meta.url,
);

/**
 * Reads the source a little ahead of rsync, which reads one file after another and so waits for the disk
 * at each. It only brings content into memory: nothing depends on it, and its failure is of no interest.
 */
export class ReadAhead {
  readonly #workers: Worker[] = [];
  readonly #waiting: Worker[] = [];
  readonly #batches: Generator<readonly AheadFile[], void>;
  #issued = 0;
  #passed = 0;

  constructor(from: string, to: string, inventory: Inventory) {
    this.#batches = batches(from, to, inventory);
    if (inventory.slotCount < fewFiles) return;
    for (let count = 0; count < readers; count += 1) {
      const worker = new Worker(workerFile, { resourceLimits: { maxYoungGenerationSizeMb: 2 } });
      worker.on('error', () => {});
      worker.on('message', () => this.#feed(worker));
      this.#workers.push(worker);
      this.#feed(worker);
    }
  }

  /** rsync has come past one more file. */
  passed(): void {
    this.#passed += 1;
    const worker = this.#isFarAhead() ? undefined : this.#waiting.pop();
    if (worker !== undefined) this.#feed(worker);
  }

  async end(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  #feed(worker: Worker): void {
    if (this.#isFarAhead()) {
      this.#waiting.push(worker);
      return;
    }
    const { value } = this.#batches.next();
    if (value === undefined) return;
    this.#issued += value.length;
    worker.postMessage(value);
  }

  #isFarAhead(): boolean {
    return this.#issued - this.#passed > aheadFiles;
  }
}

/** Each file by its first name, in about the order in which rsync comes by. */
function* batches(from: string, to: string, inventory: Inventory): Generator<readonly AheadFile[], void> {
  const seen = new Uint8Array(inventory.slotCount);
  let batch: AheadFile[] = [];
  for (const [path, slot] of inventory.paths) {
    if (seen[slot] === 1 || inventory.sizeOf(slot) === 0) continue;
    seen[slot] = 1;
    batch.push({ from: under(from, path), to: under(to, path) });
    if (batch.length < batchFiles) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
