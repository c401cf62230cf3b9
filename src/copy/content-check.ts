import { statfsSync } from 'node:fs';
import { showPath, under, type BytePath } from './byte-path.ts';
import type { HashJob, HashResult } from './hash-pool.ts';
import type { Differences } from './verification.ts';

interface Expectation {
  readonly path: BytePath;
  readonly hash: string;
}

/** A file that is to be read, at its place in the manifest. */
export interface Expected extends Expectation {
  readonly index: number;
  readonly size: number;
  /** Of one with several names. */
  readonly inode: bigint | undefined;
}

/** Told of each file whose content was read and is right, as it was before it was read. */
type OnSound = (index: number, inode: bigint, ctimeNs: bigint) => void;

/** A hash, or why there is none. */
type Found = string | { readonly unreadable: string };

/** Which content is expected of which file of the target, and what it turned out to be. */
export class ContentCheck {
  readonly #root: string;
  readonly #differences: Differences;
  readonly #onSound: OnSound;
  readonly #open = new Map<number, Expected>();
  // Inodes with several names are read once.
  readonly #linked = new Map<bigint, { found: Found | undefined; waiting: Expectation[] }>();
  #next = 0;
  filesRead = 0;
  filesReadBefore = 0;
  cachedFiles = 0;

  constructor(root: string, differences: Differences, onSound: OnSound = () => {}) {
    this.#root = root;
    this.#differences = differences;
    this.#onSound = onSound;
  }

  /** The reading that it takes; none for a further name of a file. */
  expect(expected: Expected): HashJob | undefined {
    const { path, hash, size, inode } = expected;
    if (inode !== undefined) {
      const known = this.#linked.get(inode);
      if (known !== undefined) {
        if (known.found === undefined) known.waiting.push({ path, hash });
        else this.#judge({ path, hash }, known.found);
        return undefined;
      }
      this.#linked.set(inode, { found: undefined, waiting: [] });
    }
    const id = this.#next;
    this.#next += 1;
    this.#open.set(id, expected);
    return { id, path: under(this.#root, path), size };
  }

  /** A file that was read and found sound before. */
  isSound({ hash, inode }: Expected): void {
    this.filesReadBefore += 1;
    if (inode !== undefined && !this.#linked.has(inode))
      this.#linked.set(inode, { found: hash, waiting: [] });
  }

  take({ id, hash, size, direct, error, inode, ctimeNs }: HashResult): void {
    const expected = this.#open.get(id);
    if (expected === undefined) return;
    this.#open.delete(id);
    const found = hash ?? { unreadable: error?.message ?? 'it cannot be read' };
    if (hash !== undefined) this.filesRead += 1;
    if (hash !== undefined && direct !== true && size !== 0) this.cachedFiles += 1;
    this.#judge(expected, found);
    if (hash === expected.hash && inode !== undefined && ctimeNs !== undefined)
      this.#onSound(expected.index, inode, ctimeNs);
    const linked = expected.inode === undefined ? undefined : this.#linked.get(expected.inode);
    if (linked === undefined) return;
    linked.found = found;
    for (const waiting of linked.waiting) this.#judge(waiting, found);
    linked.waiting = [];
  }

  #judge({ path, hash }: Expectation, found: Found): void {
    const shown = showPath(path);
    if (typeof found !== 'string')
      this.#differences.add({ kind: 'unreadable', path: shown, found: found.unreadable });
    else if (hash !== found) this.#differences.add({ kind: 'content', path: shown, expected: hash, found });
  }
}

// ext2 to ext4, xfs. Others take the wish for a direct read and may answer from memory all the same.
const trulyDirect = new Set([0xef53, 0x5846_5342]);

/** Whether a direct read of this file system reads the disk. */
export function readsDirectly(folder: string): boolean {
  return trulyDirect.has(statfsSync(folder).type);
}
