import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Sample } from '../../src/journal/state.ts';
import { soakProgress, unhealthyInARow } from '../../src/plan/soak.ts';
import { Days, hour, minute } from './soak-days.ts';

/** What happens between two looks: time that passes, clocks that jump, sleep, a boot, trouble, ill health. */
const anyStep = fc.record({
  passes: fc.integer({ min: 0, max: 30 * minute }),
  jumps: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: -6 * hour, max: 6 * hour })),
  sleeps: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: 0, max: 10 * hour })),
  off: fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 10 * hour })),
  trouble: fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 10 * minute })),
  ill: fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, fc.constant(true)),
  sampler: fc.constantFrom('timer' as const, 'wait' as const, 'resume' as const),
});
type Step = typeof anyStep extends fc.Arbitrary<infer T> ? T : never;
const anySteps = fc.array(anyStep, { maxLength: 30 });
const anyCounters = fc.constantFrom('none' as const, 'boot' as const, 'boots' as const);

function lived(steps: readonly Step[], counters: 'none' | 'boot' | 'boots' = 'none'): Days {
  const days = new Days(counters);
  for (const { passes, jumps, sleeps, off, trouble, ill, sampler } of steps) {
    if (off > 0) days.off(off);
    if (trouble > 0) days.trouble(trouble);
    days.awake(passes).asleep(sleeps).jump(jumps);
    // Ill health begins as somebody looks: what nobody could see is no question here.
    if (ill && !days.ill) days.troubles += 1;
    if (ill && !days.ill) days.troublesEver += 1;
    days.ill = ill;
    days.look(sampler);
  }
  return days;
}

const rule = { min: hour, maxGap: 20 * minute };
const runs = { numRuns: 1_000 };

describe('soakProgress', () => {
  it('never counts more than the machine was awake and well, whoever looks and in whatever order, when its counters see all', () => {
    fc.assert(
      fc.property(anySteps, fc.constantFrom('boot' as const, 'boots' as const), (steps, counters) => {
        const days = lived(steps, counters);
        // After a boot the kernel had run for 5 s before this model's time begins.
        const boots = steps.filter(({ off }) => off > 0).length;
        const { countedMs } = soakProgress(days.samples, rule);
        expect(countedMs).toBeLessThanOrEqual(days.wellSinceFirstLookMs + boots * 5_000);
      }),
      runs,
    );
  });

  it('never counts without counters more than the machine was awake, nor an interval that is too long or has a boot or sleep in it', () => {
    fc.assert(
      fc.property(anySteps, (steps) => {
        const { samples } = lived(steps);
        let most = 0;
        let mustNotCount = 0;
        for (const [index, step] of steps.entries()) {
          const before = steps[index - 1];
          if (before === undefined) continue;
          const awake = step.passes + step.trouble;
          const sleptLong = step.sleeps > 2_000 + awake / 100;
          const bad = step.off > 0 || step.ill || before.ill || awake > rule.maxGap || sleptLong;
          if (bad) mustNotCount += 1;
          else most += awake;
        }
        const { countedMs, notCounted } = soakProgress(samples, rule);
        expect(countedMs).toBeLessThanOrEqual(most);
        expect(notCounted.length).toBeGreaterThanOrEqual(mustNotCount);
        expect(countedMs).toBeGreaterThanOrEqual(0);
      }),
      runs,
    );
  });

  it('counts each interval once: as much as its intervals by themselves, however the looks are spread', () => {
    fc.assert(
      fc.property(anySteps, anyCounters, (steps, counters) => {
        const { samples } = lived(steps, counters);
        const pairs = samples.slice(1).map((sample, index) => [samples[index] as Sample, sample]);
        const apart = pairs.reduce((sum, pair) => sum + soakProgress(pair, rule).countedMs, 0);
        expect(soakProgress(samples, rule).countedMs).toBe(apart);
      }),
    );
  });

  it('counts the same whoever looks', () => {
    fc.assert(
      fc.property(anySteps, anyCounters, (steps, counters) => {
        const byTimer = steps.map((step) => ({ ...step, sampler: 'timer' as const }));
        expect(soakProgress(lived(steps, counters).samples, rule)).toEqual(
          soakProgress(lived(byTimer, counters).samples, rule),
        );
      }),
    );
  });

  it('counts no more when somebody else looks in between as well, but for intervals that would have been too long', () => {
    const alone = new Days()
      .look()
      .awake(20 * minute)
      .look();
    const both = new Days()
      .look()
      .awake(7 * minute)
      .look('wait')
      .awake(13 * minute)
      .look();
    expect(soakProgress(both.samples, rule).countedMs).toBe(soakProgress(alone.samples, rule).countedMs);
  });

  it('never loses what it has counted, whatever comes after', () => {
    fc.assert(
      fc.property(anySteps, anyCounters, fc.nat(30), (steps, counters, cut) => {
        const { samples } = lived(steps, counters);
        expect(soakProgress(samples, rule).countedMs).toBeGreaterThanOrEqual(
          soakProgress(samples.slice(0, cut), rule).countedMs,
        );
      }),
    );
  });

  it('opens only on a healthy sample, when enough was counted', () => {
    fc.assert(
      fc.property(anySteps, anyCounters, (steps, counters) => {
        const { samples } = lived(steps, counters);
        const min = 5 * minute;
        const { open, countedMs, remainingMs } = soakProgress(samples, { ...rule, min });
        expect(open).toBe(countedMs >= min && samples.at(-1)?.healthy === true);
        expect(remainingMs).toBe(Math.max(0, min - countedMs));
      }),
    );
  });

  it('counts an interval by the clock that says least', () => {
    const { samples } = new Days()
      .look()
      .awake(10 * minute)
      .jump(-1_500)
      .look();
    expect(soakProgress(samples, rule).countedMs).toBe(10 * minute - 1_500);
  });

  it('counts nothing without samples, and names what is wrong with the last one', () => {
    expect(soakProgress([], rule)).toMatchObject({ countedMs: 0, open: false, unhealthy: [] });
    const [sample] = new Days().look().samples as [Sample];
    const readings = { up: true, disk: false, sonarr: 'no answer' };
    expect(soakProgress([{ ...sample, readings }], rule).unhealthy).toEqual(['disk', 'sonarr: no answer']);
  });
});

describe('a counter', () => {
  const why = (days: Days) => soakProgress(days.samples, rule).notCounted.map((each) => each.why);
  const counted = (days: Days) => soakProgress(days.samples, rule).countedMs;

  it('that stands where it stood vouches for hours in which nobody looked', () => {
    expect(
      counted(
        new Days('none')
          .look()
          .awake(3 * hour)
          .look(),
      ),
    ).toBe(0);
    expect(
      counted(
        new Days('boot')
          .look()
          .awake(3 * hour)
          .look(),
      ),
    ).toBe(3 * hour);
  });

  it('vouches for the time in which the machine was awake, and never for its sleep', () => {
    const days = new Days('boot')
      .look()
      .awake(hour)
      .asleep(8 * hour)
      .awake(hour)
      .look();
    expect(counted(days)).toBe(2 * hour);
  });

  it.each([6, -6])('vouches for no interval in which the wall clock jumped by %i hours', (hours) => {
    expect(
      why(
        new Days('boots')
          .look()
          .awake(10 * minute)
          .jump(hours * hour)
          .look(),
      ),
    ).toEqual(['the wall clock jumped']);
  });

  it('that has moved says that something went wrong, however short the interval', () => {
    expect(why(new Days('boot').look().trouble(minute).look())).toEqual([
      'something went wrong in between: restarts went from 0 to 1',
    ]);
  });

  it('that a boot begins anew vouches for nothing across a boot, also when it reads the same', () => {
    expect(why(new Days('boot').look().awake(hour).off(hour).awake(hour).look())).toEqual([
      'the machine booted in between',
    ]);
  });

  it('that outlasts boots vouches for the time since the boot, and not for the unknown before it', () => {
    const days = new Days('boots')
      .look()
      .awake(hour)
      .off(9 * hour)
      .awake(2 * hour)
      .look();
    expect(counted(days)).toBe(2 * hour + 5_000);
    expect(why(new Days('boots').look().trouble(minute).off(hour).awake(hour).look())).toEqual([
      'something went wrong in between: restarts went from 0 to 1',
    ]);
  });

  it('vouches for no boot without a kernel of its own, whose clocks do not say since when the system is up', () => {
    const days = new Days('boots').look().awake(minute).look();
    const [first, second] = days.samples as [Sample, Sample];
    const restarted = { ...second, boot: { ...second.boot, initStart: '2' } };
    expect(soakProgress([first, restarted], rule).notCounted).toMatchObject([
      { why: 'the machine booted in between' },
    ]);
  });

  it('vouches only when every counter of either look can be compared', () => {
    const days = new Days('boot').look().awake(hour).look();
    const [first, second] = days.samples as [Sample, Sample];
    const more = { ...second, counters: { ...second.counters, errors: '0' } };
    expect(soakProgress([first, more], rule).countedMs).toBe(0);
    expect(soakProgress([{ ...first, counters: {} }, second], rule).countedMs).toBe(0);
    // Within the longest gap both looks saw for themselves.
    const near = new Days('boot')
      .look()
      .awake(10 * minute)
      .look();
    const [one, two] = near.samples as [Sample, Sample];
    expect(soakProgress([{ ...one, counters: {} }, two], rule).countedMs).toBe(10 * minute);
  });
});

describe('a laptop that is on for three hours a day', () => {
  const day = { min: 24 * hour, maxGap: 20 * minute };
  /** Days until the soak is open. */
  function daysUntilOpen(days: Days, oneDay: (days: Days) => void): number {
    for (let passed = 1; passed <= 30; passed += 1) {
      oneDay(days);
      if (soakProgress(days.samples, day).open) return passed;
    }
    return Infinity;
  }
  const every = 10 * minute;

  it('soaks for 24 hours in nine days under a timer, when it sleeps in between', () => {
    // The timer stands still in its sleep: a day's last interval is cut by it, and lost.
    expect(
      daysUntilOpen(new Days().look(), (days) =>
        days
          .watched(3 * hour - 5 * minute, every)
          .awake(5 * minute)
          .asleep(21 * hour),
      ),
    ).toBe(9);
  });

  it('soaks for 24 hours in nine days under a timer, when it is switched off in between', () => {
    expect(daysUntilOpen(new Days().look(), (days) => days.watched(3 * hour, every).off(21 * hour))).toBe(9);
  });

  it('soaks for 24 hours in eight days with a counter, which also vouches for the intervals with sleep in them', () => {
    expect(
      daysUntilOpen(new Days('boot').look(), (days) =>
        days
          .watched(3 * hour - 5 * minute, every)
          .awake(5 * minute)
          .asleep(21 * hour)
          .look(),
      ),
    ).toBe(8);
  });

  it('soaks for 24 hours in eight days with a counter that outlasts boots and one look a day', () => {
    // It does not matter when of its hours it is looked at: within a boot all between two looks is vouched for.
    expect(
      daysUntilOpen(new Days('boots').look(), (days) =>
        days
          .awake(3 * hour)
          .look()
          .off(21 * hour),
      ),
    ).toBe(8);
    expect(
      daysUntilOpen(new Days('boots').look(), (days) =>
        days
          .off(21 * hour)
          .awake(3 * hour)
          .look(),
      ),
    ).toBe(8);
  });

  it('never ends with one look a day and no counter', () => {
    expect(
      daysUntilOpen(new Days().look(), (days) =>
        days
          .awake(3 * hour)
          .look()
          .off(21 * hour),
      ),
    ).toBe(Infinity);
  });

  it('begins anew with nothing after a day of trouble: what was counted stays', () => {
    const days = new Days().look();
    days.watched(3 * hour, every);
    const before = soakProgress(days.samples, day).countedMs;
    days.ill = true;
    days.watched(hour, every);
    days.ill = false;
    days.watched(hour, every);
    expect(soakProgress(days.samples, day).countedMs).toBe(before + hour - every);
  });
});

describe('unhealthyInARow', () => {
  it('counts the looks that a second one confirmed, up to the latest healthy one', () => {
    const days = new Days().look();
    expect(unhealthyInARow(days.samples)).toBe(0);
    days.ill = true;
    days.look();
    expect(unhealthyInARow(days.samples)).toBe(0);
    days.look('timer', true);
    expect(unhealthyInARow(days.samples)).toBe(1);
    days.look().look('timer', true);
    expect(unhealthyInARow(days.samples)).toBe(2);
    days.ill = false;
    days.look();
    expect(unhealthyInARow(days.samples)).toBe(0);
  });
});
