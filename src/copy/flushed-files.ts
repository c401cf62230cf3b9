import { lstatSync } from 'node:fs';
import { absolute, type BytePath } from './byte-path.ts';
import type { Inventory } from './inventory.ts';

/**
 * Which of the files that a pass copied are on the target's disk already, so that they need not be read
 * again after a kill or a power cut.
 *
 * rsync tells of a file once it has read it. It writes it under another name and renames it a little later,
 * one after another in that same order. So where a file was put under its own name in this pass, with its
 * own size and time, all told before it were too, and a flush that begins now brings them to the disk. One
 * that failed in between is not there, or has another size or time: rsync copies it again of itself.
 */
export class FlushedFiles {
  readonly #to: string;
  readonly #inventory: Inventory;
  /** Nanoseconds since 1970, rounded up. */
  readonly #began = BigInt(Date.now() + 1) * 1_000_000n;
  #arrived = 0;
  #due: { readonly path: BytePath; readonly slot: number }[] = [];

  constructor(to: string, inventory: Inventory) {
    this.#to = to;
    this.#inventory = inventory;
  }

  /** rsync told of a file that it transfers. */
  copied(path: BytePath, slot: number): void {
    this.#due.push({ path, slot });
  }

  /** How many of the files told of a flush covers that begins now. */
  arrived(): number {
    let [there, unknown] = [0, this.#due.length];
    while (there < unknown) {
      const middle = Math.ceil((there + unknown) / 2);
      if (this.#isThere(middle - 1)) there = middle;
      else unknown = middle - 1;
    }
    this.#due = this.#due.slice(there);
    this.#arrived += there;
    return this.#arrived;
  }

  #isThere(index: number): boolean {
    const due = this.#due[index];
    if (due === undefined) return false;
    const stat = lstatSync(absolute(this.#to, due.path), { bigint: true, throwIfNoEntry: false });
    // A rename changes the change time; an older one is of a file that still waits to be replaced.
    return stat !== undefined && stat.ctimeNs >= this.#began && this.#inventory.isAlike(due.slot, stat);
  }
}
