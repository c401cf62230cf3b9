import { Worker } from 'node:worker_threads';
import { under } from './byte-path.ts';
import type { Inventory } from './inventory.ts';
import type { AheadFile } from './read-ahead-worker.ts';

const readers = 3;
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
  readonly #from: string;
  readonly #to: string;
  readonly #inventory: Inventory;
  readonly #workers: Worker[] = [];
  readonly #waiting: Worker[] = [];
  #place = 0;
  #nextSlot = 0;
  #issued = 0;
  #passed = 0;

  /** @param inventory may still be taken: reading begins before all of the source was seen */
  constructor(from: string, to: string, inventory: Inventory) {
    this.#from = from;
    this.#to = to;
    this.#inventory = inventory;
  }

  /** The inventory has grown; a batch is waited for, since each costs a message. */
  grown(): void {
    const { slotCount } = this.#inventory;
    if (slotCount < fewFiles || slotCount % batchFiles !== 0) return;
    if (this.#workers.length === 0) this.#start();
    else while (this.#waiting.length > 0 && this.#feedNext());
  }

  /** rsync has come past one more file. */
  passed(): void {
    this.#passed += 1;
    this.#feedNext();
  }

  async end(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  #start(): void {
    for (let count = 0; count < readers; count += 1) {
      const worker = new Worker(workerFile, { resourceLimits: { maxYoungGenerationSizeMb: 2 } });
      worker.on('error', () => {});
      worker.on('message', () => this.#waiting.push(worker) && this.#feedNext());
      this.#workers.push(worker);
      this.#waiting.push(worker);
      this.#feedNext();
    }
  }

  #feedNext(): boolean {
    if (this.#waiting.length === 0 || this.#issued - this.#passed > aheadFiles) return false;
    const batch = this.#batch();
    if (batch.length === 0) return false;
    this.#issued += batch.length;
    this.#waiting.pop()?.postMessage(batch);
    return true;
  }

  /** Each file by its first name, in about the order in which rsync comes by. */
  #batch(): readonly AheadFile[] {
    const { paths } = this.#inventory;
    const batch: AheadFile[] = [];
    for (; this.#place < paths.size && batch.length < batchFiles; this.#place += 1) {
      const [path, slot] = paths.at(this.#place);
      // Slots are given in the order of first names.
      if (slot !== this.#nextSlot) continue;
      this.#nextSlot += 1;
      if (this.#inventory.sizeOf(slot) === 0) continue;
      batch.push({ from: under(this.#from, path), to: under(this.#to, path) });
    }
    return batch;
  }
}
