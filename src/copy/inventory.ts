import type { BytePath } from './byte-path.ts';
import type { CopiedFile } from './copy-log.ts';
import { PathSlots } from './path-slots.ts';
import type { Stat } from './walk.ts';

export interface Totals {
  readonly folders: number;
  readonly files: number;
  readonly symlinks: number;
  readonly others: number;
  /** Names beyond the first of inodes with several. */
  readonly hardLinks: number;
  /** Of each inode once, as programs see it. */
  readonly bytes: number;
  readonly inodes: number;
  /** Bytes that the content takes on a disk, where a hole takes none. */
  readonly allocated: number;
}

/** How the content of a file came to be known. */
export const knowledge = { none: 0, unsynced: 1, synced: 2, transferred: 3, read: 4 } as const;
export type Knowledge = (typeof knowledge)[keyof typeof knowledge];

const hashBytes = 16;

/**
 * The source as it was before a pass, in as little memory as millions of files allow. Names of one
 * inode share one slot.
 */
export class Inventory {
  readonly #slots = new PathSlots();
  readonly #linked = new Map<bigint, number>();
  readonly #linkedOthers = new Set<bigint>();
  #inodes = new BigUint64Array(1_024);
  #ctimes = new BigInt64Array(1_024);
  #mtimes = new BigInt64Array(1_024);
  #sizes = new Float64Array(1_024);
  #known = new Uint8Array(1_024);
  #met = new Uint8Array(1_024);
  #hashes = new Uint8Array(1_024 * hashBytes);
  #count = 0;
  #totals = { folders: 0, files: 0, symlinks: 0, others: 0, hardLinks: 0, bytes: 0, inodes: 0, allocated: 0 };

  /** Whether it is an inode that no name before led to. */
  add(path: BytePath, stat: Stat): boolean {
    const totals = this.#totals;
    if (stat.isFile()) {
      totals.files += 1;
      const known = stat.nlink > 1n ? this.#linked.get(stat.ino) : undefined;
      if (known !== undefined) {
        totals.hardLinks += 1;
        this.#slots.add(path, known);
        return false;
      }
      const slot = this.#newSlot(stat);
      if (stat.nlink > 1n) this.#linked.set(stat.ino, slot);
      this.#slots.add(path, slot);
      totals.bytes += Number(stat.size);
      totals.allocated += Math.min(blocks(Number(stat.size)), blocks(Number(stat.blocks) * 512));
      totals.inodes += 1;
      return true;
    }
    if (stat.isDirectory()) totals.folders += 1;
    else if (stat.isSymbolicLink()) totals.symlinks += 1;
    else totals.others += 1;
    if (!stat.isDirectory() && stat.nlink > 1n) {
      if (this.#linkedOthers.has(stat.ino)) {
        totals.hardLinks += 1;
        return false;
      }
      this.#linkedOthers.add(stat.ino);
    }
    totals.inodes += 1;
    totals.allocated += stat.isDirectory()
      ? Math.max(4_096, Number(stat.blocks) * 512)
      : Number(stat.blocks) * 512;
    return true;
  }

  get totals(): Totals {
    return this.#totals;
  }

  get slotCount(): number {
    return this.#count;
  }

  /** Regular files by path. */
  get paths(): Omit<PathSlots, 'add'> {
    return this.#slots;
  }

  /** Takes what an earlier pass read, where the file has not changed since. */
  recall(file: CopiedFile, synced: boolean): void {
    const slot = this.#slots.get(file.path);
    if (slot === undefined || !this.#isAsBefore(slot, file)) return;
    this.learn(slot, file.hash, synced ? knowledge.synced : knowledge.unsynced);
  }

  learn(slot: number, hash: string, how: Knowledge): void {
    this.#known[slot] = how;
    this.#hashes.set(Buffer.from(hash, 'hex'), slot * hashBytes);
  }

  /** Whether this is the first that is told of the slot, of whose names rsync tells one by one. */
  meet(slot: number): boolean {
    const first = this.#met[slot] === 0;
    this.#met[slot] = 1;
    return first;
  }

  isMet(slot: number): boolean {
    return this.#met[slot] === 1;
  }

  knowledgeOf(slot: number): Knowledge {
    return (this.#known[slot] ?? 0) as Knowledge;
  }

  /** `undefined` while nobody has read it. */
  hashOf(slot: number): string | undefined {
    if (this.knowledgeOf(slot) === knowledge.none) return undefined;
    return Buffer.from(this.#hashes.buffer, slot * hashBytes, hashBytes).toString('hex');
  }

  sizeOf(slot: number): number {
    return this.#sizes[slot] ?? 0;
  }

  /** The file as it was found, in the form in which it is remembered. */
  copied(path: BytePath, slot: number, hash: string): CopiedFile {
    return {
      path,
      hash,
      inode: this.#inodes[slot] ?? 0n,
      ctimeNs: this.#ctimes[slot] ?? 0n,
      size: this.sizeOf(slot),
    };
  }

  /** Whether a file still is what was found: every write and rename changes its ctime. */
  isUnchanged(slot: number, stat: Pick<Stat, 'ino' | 'ctimeNs' | 'size'>): boolean {
    return this.#isAsBefore(slot, { inode: stat.ino, ctimeNs: stat.ctimeNs, size: Number(stat.size) });
  }

  /** Whether a copy of it has its size and time, which is what rsync goes by. */
  isAlike(slot: number, { size, mtimeNs }: Pick<Stat, 'size' | 'mtimeNs'>): boolean {
    return this.#sizes[slot] === Number(size) && this.#mtimes[slot] === mtimeNs;
  }

  #isAsBefore(slot: number, now: { inode: bigint; ctimeNs: bigint; size: number }): boolean {
    return (
      this.#inodes[slot] === now.inode && this.#ctimes[slot] === now.ctimeNs && this.#sizes[slot] === now.size
    );
  }

  #newSlot(stat: Stat): number {
    const slot = this.#count;
    if (slot === this.#known.length) this.#grow();
    this.#inodes[slot] = stat.ino;
    this.#ctimes[slot] = stat.ctimeNs;
    this.#mtimes[slot] = stat.mtimeNs;
    this.#sizes[slot] = Number(stat.size);
    this.#count += 1;
    return slot;
  }

  #grow(): void {
    const size = this.#known.length * 2;
    const grown = <A extends { set(from: A): void }>(larger: A, from: A): A => {
      larger.set(from);
      return larger;
    };
    this.#inodes = grown(new BigUint64Array(size), this.#inodes);
    this.#ctimes = grown(new BigInt64Array(size), this.#ctimes);
    this.#mtimes = grown(new BigInt64Array(size), this.#mtimes);
    this.#sizes = grown(new Float64Array(size), this.#sizes);
    this.#known = grown(new Uint8Array(size), this.#known);
    this.#met = grown(new Uint8Array(size), this.#met);
    this.#hashes = grown(new Uint8Array(size * hashBytes), this.#hashes);
  }
}

function blocks(bytes: number): number {
  return Math.ceil(bytes / 4_096) * 4_096;
}
