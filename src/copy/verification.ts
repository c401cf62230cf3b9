import type { Difference, DifferenceKind } from './difference.ts';

/** What a verification found; evidence, so that it says what it did not see too. */
export interface Verification {
  readonly target: string;
  /** SHA-256 of the manifest. */
  readonly manifest: string;
  /** Entries compared. */
  readonly entries: number;
  /** Files whose content was read; names of one inode count once. */
  readonly filesRead: number;
  /** Those that a verification which was killed had read, unchanged since. */
  readonly filesReadBefore: number;
  readonly bytesRead: number;
  readonly differences: number;
  readonly kinds: Readonly<Partial<Record<DifferenceKind, number>>>;
  /** The first of them. */
  readonly first: readonly Difference[];
  /** `bypassed`: every byte came from the disk. Else it may have come from memory, which proves nothing of the disk. */
  readonly cache: 'bypassed' | 'may be cached';
}

/** Gathers differences, of which it keeps the first. */
export class Differences {
  readonly first: Difference[] = [];
  readonly kinds: Partial<Record<DifferenceKind, number>> = {};
  readonly #keep: number;
  readonly #tell: ((difference: Difference) => void) | undefined;
  count = 0;

  constructor(keep: number, tell?: (difference: Difference) => void) {
    this.#keep = keep;
    this.#tell = tell;
  }

  add(...differences: readonly Difference[]): void {
    for (const difference of differences) {
      this.count += 1;
      this.kinds[difference.kind] = (this.kinds[difference.kind] ?? 0) + 1;
      if (this.first.length < this.#keep) this.first.push(difference);
      this.#tell?.(difference);
    }
  }
}
