import type { Sample } from '../journal/state.ts';
import { unhealthyReadings, worthOf } from './soak-interval.ts';

export interface SoakRule {
  /** Milliseconds of observed healthy time after which the gate opens. */
  readonly min: number;
  /** Milliseconds between two samples that still count as observed. */
  readonly maxGap: number;
}

export interface NotCounted {
  /** When it ended, ISO 8601. */
  readonly until: string;
  /** How long it was by the wall clock, in milliseconds. */
  readonly ms: number;
  readonly why: string;
}

export interface SoakProgress {
  readonly countedMs: number;
  readonly remainingMs: number;
  readonly open: boolean;
  /** Intervals that do not count, latest last, with the reason. */
  readonly notCounted: readonly NotCounted[];
  /** What failed in the latest sample. */
  readonly unhealthy: readonly string[];
}

/**
 * How much healthy time was observed. Each interval between two samples is judged by itself, so that a
 * jump of the clock, a sleep or a missing sample adds nothing and takes nothing away, and no interval
 * counts twice, whoever takes the samples.
 */
export function soakProgress(samples: readonly Sample[], rule: SoakRule): SoakProgress {
  let countedMs = 0;
  const notCounted: NotCounted[] = [];
  for (const [index, sample] of samples.entries()) {
    const before = samples[index - 1];
    if (before === undefined) continue;
    const worth = worthOf(before, sample, rule.maxGap);
    const ms = Math.max(0, sample.clocks.wall - before.clocks.wall);
    if ('ms' in worth) countedMs += worth.ms;
    else notCounted.push({ until: sample.at, ms, why: worth.why });
  }
  const last = samples.at(-1);
  const unhealthy = last === undefined ? [] : unhealthyReadings(last);
  const remainingMs = Math.max(0, rule.min - countedMs);
  return { countedMs, remainingMs, open: remainingMs === 0 && last?.healthy === true, notCounted, unhealthy };
}

/** How many looks in a row, up to the latest, found it unhealthy and found so again moments later. */
export function unhealthyInARow(samples: readonly Sample[]): number {
  const since = samples.slice(samples.findLastIndex(({ healthy }) => healthy) + 1);
  return since.filter(({ confirms }) => confirms).length;
}
