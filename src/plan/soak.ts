import { isSameBoot } from '../journal/boot.ts';
import type { Sample } from '../journal/state.ts';

export interface SoakRule {
  /** Milliseconds of observed healthy time after which the gate opens. */
  readonly min: number;
  /** Milliseconds between two samples that still count as observed. */
  readonly maxGap: number;
}

export interface SoakProgress {
  readonly countedMs: number;
  readonly remainingMs: number;
  readonly open: boolean;
  /** Intervals that do not count, latest last, with the reason. */
  readonly notCounted: readonly { readonly until: string; readonly ms: number; readonly why: string }[];
  /** What failed in the latest sample. */
  readonly unhealthy: readonly string[];
}

/** Clocks may drift apart by this much within one interval, in milliseconds, plus a hundredth of it. */
const driftMs = 2_000;

/**
 * How much healthy time was observed. An interval counts when both its ends are healthy, lie in one
 * boot, are at most `maxGap` apart, and the three clocks agree on its length; a jump of the clock, a
 * sleep or a missing sample is no evidence of health, so it adds nothing and takes nothing away.
 */
export function soakProgress(samples: readonly Sample[], rule: SoakRule): SoakProgress {
  let countedMs = 0;
  const notCounted: { until: string; ms: number; why: string }[] = [];
  for (const [index, sample] of samples.entries()) {
    const before = samples[index - 1];
    if (before === undefined) continue;
    const why = whyNot(before, sample, rule);
    if (why === undefined) countedMs += shortest(before, sample);
    else notCounted.push({ until: sample.at, ms: Math.max(0, sample.clocks.wall - before.clocks.wall), why });
  }
  const last = samples.at(-1);
  const unhealthy = last === undefined ? [] : unhealthyReadings(last);
  const remainingMs = Math.max(0, rule.min - countedMs);
  return { countedMs, remainingMs, open: remainingMs === 0 && last?.healthy === true, notCounted, unhealthy };
}

/** The interval's length by the clock that says least, in milliseconds. */
function shortest(before: Sample, sample: Sample): number {
  const { wall, boottime, monotonic } = sample.clocks;
  const { clocks } = before;
  return Math.max(0, Math.min(wall - clocks.wall, boottime - clocks.boottime, monotonic - clocks.monotonic));
}

function whyNot(before: Sample, sample: Sample, rule: SoakRule): string | undefined {
  if (!before.healthy) return 'it began unhealthy';
  if (!sample.healthy) return `it ended unhealthy: ${unhealthyReadings(sample).join('; ')}`;
  if (!isSameBoot(before.boot, sample.boot)) return 'the machine booted in between';
  const monotonic = sample.clocks.monotonic - before.clocks.monotonic;
  const boottime = sample.clocks.boottime - before.clocks.boottime;
  const wall = sample.clocks.wall - before.clocks.wall;
  const tolerance = driftMs + monotonic / 100;
  if (monotonic < 0) return 'the clock that never runs back ran back';
  if (Math.abs(boottime - monotonic) > tolerance) return 'the machine slept';
  if (Math.abs(wall - boottime) > tolerance) return 'the wall clock jumped';
  if (monotonic > rule.maxGap) return 'nobody looked for too long';
  return undefined;
}

function unhealthyReadings(sample: Sample): string[] {
  return Object.entries(sample.readings)
    .filter(([, reading]) => reading !== true)
    .map(([name, reading]) => (reading === false ? name : `${name}: ${String(reading)}`));
}
