import { lstatSync, type BigIntStats } from 'node:fs';
import { absolute, under, type BytePath } from './byte-path.ts';
import { batched, type HashJob } from './hash-pool.ts';
import { HashReaders, type ReadBatch } from './hash-readers.ts';
import type { HashFound } from './hash-worker.ts';
import type { Inventory } from './inventory.ts';
import type { ManifestSummary } from './manifest.ts';
import type { Moment } from './moment.ts';
import { VerifiedLog, verifiedLogFile } from './verified-log.ts';

const readers = 2;
// A thread costs more than few files bring.
const fewFiles = 500;
// About as much as is read while the manifest is written.
const fewBatches = 48;
// A file system stamps changes with the time of the last tick of its clock, which is 10 ms at most.
const tickNs = 50_000_000n;

/**
 * Verification that follows a copy: reads what rsync has copied back from the disk while rsync goes on, since
 * rsync leaves half of the machine idle. Nothing depends on it. What it found sound, the verification of the
 * whole need not read again; all else, it reads.
 */
export class Following {
  readonly #to: string;
  readonly #inventory: Inventory;
  readonly #readers: HashReaders;
  readonly #queue: ReadBatch[] = [];
  readonly #done = Promise.withResolvers<void>();
  #fresh: HashJob[] = [];
  #isOver = false;
  #isLast = false;
  /** Of the target's file as it was read, by slot; the change time is 0 while nobody has read it. */
  readonly #inodes: BigUint64Array;
  readonly #ctimes: BigInt64Array;
  /** When rsync last said something of one of its names, and when it was to be read: milliseconds since 1970. */
  readonly #told: Float64Array;
  readonly #asked: Float64Array;
  readonly #places: Uint32Array;

  constructor(to: string, inventory: Inventory) {
    this.#to = to;
    this.#inventory = inventory;
    this.#inodes = new BigUint64Array(inventory.slotCount);
    this.#ctimes = new BigInt64Array(inventory.slotCount);
    this.#told = new Float64Array(inventory.slotCount);
    this.#asked = new Float64Array(inventory.slotCount);
    this.#places = new Uint32Array(inventory.slotCount);
    this.#readers = new HashReaders({
      readers,
      direct: true,
      onResult: (slot, found) => this.#take(slot, found),
      onRoom: () => {
        this.#feed();
        if (this.#isLast && this.#isDone) this.#done.resolve();
      },
      onFailure: () => {
        this.#stop();
        this.#done.resolve();
      },
    });
  }

  /** Whether it brings more than it costs. */
  static isWorthwhile(inventory: Inventory): boolean {
    return inventory.slotCount >= fewFiles;
  }

  /** rsync said something of a name of the file. */
  told(slot: number): void {
    this.#told[slot] = Date.now();
  }

  copied(slot: number, path: BytePath): void {
    if (this.#isOver) return;
    this.#fresh.push({ id: slot, path: under(this.#to, path), size: this.#inventory.sizeOf(slot) });
  }

  /** What was copied before is on the disk after it. */
  async afterFlush(flush: () => Promise<unknown>): Promise<void> {
    const due = this.#fresh;
    this.#fresh = [];
    try {
      await flush();
    } catch (cause) {
      // Broken off because rsync has ended: the flush that comes then is of these files too.
      this.#fresh = due.concat(this.#fresh);
      throw cause;
    }
    this.#queue.push(...batched(due));
    this.#feed();
  }

  /** Reads the little that is left; where it has fallen behind, the rest stays unread. */
  async finish(): Promise<void> {
    this.#queue.length = Math.min(this.#queue.length, fewBatches);
    this.#isLast = true;
    if (!this.#isDone) await this.#done.promise;
    await this.end();
  }

  async end(): Promise<void> {
    this.#stop();
    await this.#readers.end();
  }

  /** The place of a file in the manifest, by its first name. */
  isAt(slot: number, place: number): void {
    // The first place is that of the root.
    if (this.#places[slot] === 0) this.#places[slot] = place;
  }

  /** Writes down for the verification of the whole what it need not read again. */
  remember(since: Moment, target: string, { file, sha256, entries }: ManifestSummary): void {
    const log = new VerifiedLog(
      verifiedLogFile(file),
      { manifest: sha256, target, since },
      entries,
      () => false,
    );
    try {
      for (const { slot, inode, ctimeNs } of this.#sound())
        log.add(this.#places[slot] ?? 0, inode, ctimeNs, since.wall);
      log.sync();
    } finally {
      log.close();
    }
  }

  /**
   * The files that were read from the disk and were sound, and to which nothing was done since but to give
   * them a further name.
   */
  *#sound(): Generator<{ readonly slot: number; readonly inode: bigint; readonly ctimeNs: bigint }, void> {
    const seen = new Uint8Array(this.#inventory.slotCount);
    for (const [path, slot] of this.#inventory.paths) {
      if (seen[slot] === 1 || this.#ctimes[slot] === 0n) continue;
      seen[slot] = 1;
      const now = lstatSync(absolute(this.#to, path), { bigint: true, throwIfNoEntry: false });
      if (now !== undefined && this.#isSound(slot, now)) yield { slot, inode: now.ino, ctimeNs: now.ctimeNs };
    }
  }

  #isSound(slot: number, { ino, ctimeNs, nlink }: BigIntStats): boolean {
    if (ino !== this.#inodes[slot]) return false;
    if (ctimeNs === this.#ctimes[slot]) return true;
    // rsync makes further names one by one, each of which changes the time; whatever came later did not do that.
    return nlink > 1n && ctimeNs <= nanoseconds(this.#told[slot]);
  }

  get #isDone(): boolean {
    return this.#isOver || (this.#queue.length === 0 && this.#readers.isIdle);
  }

  #feed(): void {
    while (!this.#isOver && this.#readers.hasRoom) {
      const batch = this.#queue.shift();
      if (batch === undefined) return;
      for (const slot of batch.ids) this.#asked[slot] = Date.now();
      this.#readers.give(batch);
    }
  }

  #take(slot: number, { hash, direct, inode, ctimeNs }: HashFound): void {
    if (hash === undefined || direct !== true || inode === undefined || ctimeNs === undefined) return;
    if (hash !== this.#inventory.hashOf(slot)) return;
    // A change within the same tick would leave no trace.
    if (ctimeNs + tickNs > nanoseconds(this.#asked[slot])) return;
    this.#inodes[slot] = inode;
    this.#ctimes[slot] = ctimeNs;
  }

  #stop(): void {
    this.#isOver = true;
    this.#queue.length = 0;
    this.#fresh = [];
  }
}

function nanoseconds(milliseconds = 0): bigint {
  return BigInt(Math.ceil(milliseconds)) * 1_000_000n;
}
