import type { Sample, Sampler } from '../../src/journal/state.ts';
import { boot } from '../journal/any-event.ts';

export const minute = 60_000;
export const hour = 60 * minute;

/**
 * A machine that lives through days, and what is true of it: how long it was awake and well. Samples are
 * what somebody saw who looked.
 */
export class Days {
  readonly samples: Sample[] = [];
  /** Milliseconds for which it was awake and well. */
  wellMs = 0;
  /** The same since the first look. */
  wellSinceFirstLookMs = 0;
  /** What is ill right now. */
  ill = false;
  /** Grows with every trouble, in this boot. */
  troubles = 0;
  /** The same, never begun anew. */
  troublesEver = 0;
  #boots = 1;
  #clocks = { wall: 1e12, boottime: 1e6, monotonic: 1e6 };
  readonly #counters: 'none' | 'boot' | 'boots';

  constructor(counters: 'none' | 'boot' | 'boots' = 'none') {
    this.#counters = counters;
  }

  awake(ms: number): this {
    const { wall, boottime, monotonic } = this.#clocks;
    this.#clocks = { wall: wall + ms, boottime: boottime + ms, monotonic: monotonic + ms };
    if (!this.ill) {
      this.wellMs += ms;
      if (this.samples.length > 0) this.wellSinceFirstLookMs += ms;
    }
    return this;
  }

  asleep(ms: number): this {
    const { wall, boottime, monotonic } = this.#clocks;
    this.#clocks = { wall: wall + ms, boottime: boottime + ms, monotonic };
    return this;
  }

  jump(ms: number): this {
    this.#clocks = { ...this.#clocks, wall: this.#clocks.wall + ms };
    return this;
  }

  off(ms: number): this {
    this.#boots += 1;
    this.troubles = 0;
    this.#clocks = { wall: this.#clocks.wall + ms, boottime: 5_000, monotonic: 5_000 };
    return this;
  }

  /** Ill for so long, and whoever looked would see it. */
  trouble(ms: number): this {
    this.ill = true;
    this.troubles += 1;
    this.troublesEver += 1;
    this.awake(ms);
    this.ill = false;
    return this;
  }

  look(sampler: Sampler = 'timer', confirms = false): this {
    const healthy = !this.ill;
    const counters: Record<string, string> =
      this.#counters === 'none'
        ? {}
        : { restarts: String(this.#counters === 'boot' ? this.troubles : this.troublesEver) };
    this.samples.push({
      healthy,
      readings: { up: healthy },
      counters,
      lasting: this.#counters === 'boots' ? ['restarts'] : [],
      sampler,
      confirms,
      boot: boot(this.#boots),
      clocks: this.#clocks,
      at: new Date(this.#clocks.wall).toISOString(),
    });
    return this;
  }

  /** Awake for so long, while somebody looks every so often, the first time when so much has passed. */
  watched(ms: number, every: number, sampler: Sampler = 'timer'): this {
    let left = ms;
    while (left >= every) {
      this.awake(every).look(sampler);
      left -= every;
    }
    return this.awake(left);
  }
}
