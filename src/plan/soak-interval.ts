import { isSameBoot } from '../journal/boot.ts';
import type { Sample } from '../journal/state.ts';

/** What an interval between two samples is worth: milliseconds of healthy time, or why none. */
export type Worth = { readonly ms: number } | { readonly why: string };

/** Clocks may drift apart by this much within one interval, in milliseconds, plus a hundredth of it. */
const driftMs = 2_000;

/**
 * Judges one interval. It counts by what was observed: both ends healthy, in one boot, at most `maxGap`
 * milliseconds apart, and three clocks that agree on its length. Or because its counters vouch for it:
 * they stand where they stood, so nothing went wrong in between although nobody looked; then the time
 * counts in which the machine was awake. Sleep and power-off are no healthy use, whoever vouches.
 */
export function worthOf(before: Sample, sample: Sample, maxGap: number): Worth {
  if (!before.healthy) return { why: 'it began unhealthy' };
  if (!sample.healthy) return { why: `it ended unhealthy: ${unhealthyReadings(sample).join('; ')}` };
  const moved = movedCounters(before, sample);
  if (moved.length > 0) return { why: `something went wrong in between: ${moved.join('; ')}` };
  const vouched = areVouchedFor(before, sample);
  if (!isSameBoot(before.boot, sample.boot)) return sinceBoot(before, sample, vouched);
  const elapsed = elapsedBetween(before, sample);
  const tolerance = driftMs + elapsed.monotonic / 100;
  if (elapsed.monotonic < 0) return { why: 'the clock that never runs back ran back' };
  if (Math.abs(elapsed.wall - elapsed.boottime) > tolerance) return { why: 'the wall clock jumped' };
  if (!vouched && Math.abs(elapsed.boottime - elapsed.monotonic) > tolerance)
    return { why: 'the machine slept' };
  if (!vouched && elapsed.monotonic > maxGap) return { why: 'nobody looked for too long' };
  return { ms: shortest(elapsed) };
}

export function unhealthyReadings({ readings }: Pick<Sample, 'readings'>): string[] {
  return Object.entries(readings)
    .filter(([, reading]) => reading !== true)
    .map(([name, reading]) => (reading === false ? name : `${name}: ${String(reading)}`));
}

/** Of the time before the boot nobody knows when it ended; from the boot on this kernel's clock tells. */
function sinceBoot(before: Sample, sample: Sample, vouched: boolean): Worth {
  const why = 'the machine booted in between';
  // Where the kernel stayed, as in WSL and containers, its clocks do not say since when there is a system.
  if (!vouched || before.boot.bootId === sample.boot.bootId) return { why };
  const awake = Math.min(sample.clocks.monotonic, sample.clocks.boottime);
  const ms = Math.min(awake, sample.clocks.wall - before.clocks.wall);
  return ms > 0 ? { ms } : { why: 'the wall clock jumped' };
}

/** Counters that can be compared and do not stand where they stood. */
function movedCounters(before: Sample, sample: Sample): string[] {
  return comparable(before, sample)
    .filter((name) => before.counters[name] !== sample.counters[name])
    .map((name) => `${name} went from ${before.counters[name]} to ${sample.counters[name]}`);
}

/** Whether every counter of either end can be compared, and there is one. */
function areVouchedFor(before: Sample, sample: Sample): boolean {
  const names = new Set([...Object.keys(before.counters), ...Object.keys(sample.counters)]);
  return names.size > 0 && comparable(before, sample).length === names.size;
}

function comparable(before: Sample, sample: Sample): string[] {
  const sameBoot = isSameBoot(before.boot, sample.boot);
  const lasts = (name: string) => before.lasting.includes(name) && sample.lasting.includes(name);
  return Object.keys(before.counters).filter(
    (name) => Object.hasOwn(sample.counters, name) && (sameBoot || lasts(name)),
  );
}

interface Elapsed {
  readonly wall: number;
  readonly boottime: number;
  readonly monotonic: number;
}

function elapsedBetween({ clocks: from }: Sample, { clocks: to }: Sample): Elapsed {
  return {
    wall: to.wall - from.wall,
    boottime: to.boottime - from.boottime,
    monotonic: to.monotonic - from.monotonic,
  };
}

/** By the clock that says least, in milliseconds. */
function shortest({ wall, boottime, monotonic }: Elapsed): number {
  return Math.max(0, Math.min(wall, boottime, monotonic));
}
