import { createHash } from 'node:crypto';

/**
 * Chooses members of a stream by a seed: the same ones in whatever order they come, each as likely as
 * any other, holding no more than the sample in memory.
 */
export class SeededSample<Member> {
  readonly #size: number;
  readonly #seed: string;
  #chosen: { readonly rank: string; readonly member: Member }[] = [];
  /** How many members were offered. */
  offered = 0;

  constructor(size: number, seed: string) {
    this.#size = size;
    this.#seed = seed;
  }

  offer(name: string, member: Member): void {
    this.offered += 1;
    const rank = createHash('sha256').update(`${this.#seed}\0${name}`).digest('hex');
    this.#chosen.push({ rank, member });
    // Sorting now and then costs less than keeping order.
    if (this.#chosen.length >= this.#size * 2 + 64) this.#cut();
  }

  members(): readonly Member[] {
    this.#cut();
    return this.#chosen.map(({ member }) => member);
  }

  #cut(): void {
    this.#chosen.sort((one, other) => (one.rank < other.rank ? -1 : 1));
    this.#chosen = this.#chosen.slice(0, this.#size);
  }
}
