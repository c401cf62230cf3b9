import { statfsSync } from 'node:fs';
import { absolute, showPath, type BytePath } from './byte-path.ts';
import type { HashJob } from './hash-pool.ts';
import type { HashResult } from './hash-worker.ts';
import type { Differences } from './verification.ts';

interface Expectation {
  readonly path: BytePath;
  readonly hash: string;
}

/** Which content is expected of which file of the target, and what it turned out to be. */
export class ContentCheck {
  readonly #root: string;
  readonly #differences: Differences;
  readonly #open = new Map<number, Expectation & { inode: bigint | undefined }>();
  // Inodes with several names are read once.
  readonly #linked = new Map<bigint, { hash: string | undefined; waiting: Expectation[] }>();
  #next = 0;
  filesRead = 0;
  cachedFiles = 0;

  constructor(root: string, differences: Differences) {
    this.#root = root;
    this.#differences = differences;
  }

  /** The reading that it takes; none for a further name of a file. @param inode of one with several names */
  expect(path: BytePath, hash: string, size: number, inode: bigint | undefined): HashJob | undefined {
    if (inode !== undefined) {
      const known = this.#linked.get(inode);
      if (known !== undefined) {
        if (known.hash === undefined) known.waiting.push({ path, hash });
        else this.#judge({ path, hash }, known.hash);
        return undefined;
      }
      this.#linked.set(inode, { hash: undefined, waiting: [] });
    }
    const id = this.#next;
    this.#next += 1;
    this.#open.set(id, { path, hash, inode });
    return { id, path: absolute(this.#root, path), size };
  }

  take(result: HashResult): void {
    const expected = this.#open.get(result.id);
    if (expected === undefined) return;
    this.#open.delete(result.id);
    if (result.hash === undefined) {
      const found = result.error?.message ?? 'it cannot be read';
      this.#differences.add({ kind: 'unreadable', path: showPath(expected.path), found });
      return;
    }
    this.filesRead += 1;
    if (result.direct !== true && result.size !== 0) this.cachedFiles += 1;
    this.#judge(expected, result.hash);
    const linked = expected.inode === undefined ? undefined : this.#linked.get(expected.inode);
    if (linked === undefined) return;
    linked.hash = result.hash;
    for (const waiting of linked.waiting) this.#judge(waiting, result.hash);
    linked.waiting = [];
  }

  #judge({ path, hash }: Expectation, found: string): void {
    if (hash !== found)
      this.#differences.add({ kind: 'content', path: showPath(path), expected: hash, found });
  }
}

// ext2 to ext4, xfs. Others take the wish for a direct read and may answer from memory all the same.
const trulyDirect = new Set([0xef53, 0x5846_5342]);

/** Whether a direct read of this file system reads the disk. */
export function readsDirectly(folder: string): boolean {
  return trulyDirect.has(statfsSync(folder).type);
}
