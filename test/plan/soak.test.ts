import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Sample } from '../../src/journal/state.ts';
import { soakProgress } from '../../src/plan/soak.ts';
import { boot } from '../journal/any-event.ts';

const minute = 60_000;

/** What happens between two looks: time that passes, clocks that jump, sleep, a boot, ill health. */
const anyStep = fc.record({
  passes: fc.integer({ min: 0, max: 30 * minute }),
  jumps: fc.oneof(fc.constant(0), fc.integer({ min: -6 * 60 * minute, max: 6 * 60 * minute })),
  sleeps: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 10 * 60 * minute })),
  boots: fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  healthy: fc.oneof(
    { weight: 5, arbitrary: fc.constant(true) },
    { weight: 1, arbitrary: fc.constant(false) },
  ),
});
type Step = typeof anyStep extends fc.Arbitrary<infer T> ? T : never;

function samplesOf(steps: readonly Step[]): Sample[] {
  let number = 1;
  let clocks = { wall: 1e12, boottime: 1e6, monotonic: 1e6 };
  return steps.map(({ passes, jumps, sleeps, boots, healthy }) => {
    if (boots) {
      number += 1;
      clocks = { wall: clocks.wall + passes, boottime: 5_000, monotonic: 5_000 };
    } else {
      clocks = {
        wall: clocks.wall + passes + jumps + sleeps,
        boottime: clocks.boottime + passes + sleeps,
        monotonic: clocks.monotonic + passes,
      };
    }
    const at = new Date(clocks.wall).toISOString();
    return { healthy, readings: { up: healthy }, counters: {}, boot: boot(number), clocks, at };
  });
}

const rule = { min: 60 * minute, maxGap: 20 * minute };

describe('soakProgress', () => {
  it('never counts more than any clock says, nor an interval that is too long, unhealthy or has a boot in it', () => {
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 30 }), (steps) => {
        const samples = samplesOf(steps);
        const { countedMs, notCounted } = soakProgress(samples, rule);
        let most = 0;
        let mustNotCount = 0;
        for (const [index, { passes, boots, healthy }] of steps.entries()) {
          const before = steps[index - 1];
          if (before === undefined) continue;
          const bad = boots || !healthy || !before.healthy || passes > rule.maxGap;
          if (bad) mustNotCount += 1;
          else most += passes;
        }
        expect(countedMs).toBeLessThanOrEqual(most);
        expect(notCounted.length).toBeGreaterThanOrEqual(mustNotCount);
        expect(countedMs).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it('never loses what it has counted, whatever comes after', () => {
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 30 }), fc.nat(30), (steps, cut) => {
        const samples = samplesOf(steps);
        expect(soakProgress(samples, rule).countedMs).toBeGreaterThanOrEqual(
          soakProgress(samples.slice(0, cut), rule).countedMs,
        );
      }),
    );
  });

  it('counts an interval by the clock that says least', () => {
    const [first, second] = samplesOf([
      { passes: 0, jumps: 0, sleeps: 0, boots: false, healthy: true },
      { passes: 10 * minute, jumps: -3_000, sleeps: 0, boots: false, healthy: true },
    ]) as [Sample, Sample];
    expect(soakProgress([first, second], rule).countedMs).toBe(10 * minute - 3_000);
  });

  it('opens only on a healthy sample', () => {
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 30 }), (steps) => {
        const samples = samplesOf(steps);
        const min = 5 * minute;
        const { open, countedMs, remainingMs } = soakProgress(samples, { ...rule, min });
        expect(open).toBe(countedMs >= min && samples.at(-1)?.healthy === true);
        expect(remainingMs).toBe(Math.max(0, min - countedMs));
      }),
    );
  });

  it('counts nothing without samples, and names what is wrong with the last one', () => {
    expect(soakProgress([], rule)).toMatchObject({ countedMs: 0, open: false, unhealthy: [] });
    const [sample] = samplesOf([{ passes: 0, jumps: 0, sleeps: 0, boots: false, healthy: false }]) as [
      Sample,
    ];
    const readings = { up: true, disk: false, sonarr: 'no answer' };
    expect(soakProgress([{ ...sample, readings }], rule).unhealthy).toEqual(['disk', 'sonarr: no answer']);
  });
});
