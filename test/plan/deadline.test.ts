import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Deadline } from '../../src/journal/state.ts';
import { graceMs, isOverdue, leftMs } from '../../src/plan/deadline.ts';

const boot = (id: string) => ({ bootId: id, initStart: '1', pidNamespace: 'p' });
const at = (wall: number, boottime: number) => ({ wall, boottime, monotonic: boottime });
const armed = (withinMs: number, decided?: Deadline['decided']): Deadline => ({
  ...{ withinMs, boot: boot('a'), clocks: at(1_000_000, 5_000), armedSeq: 3, decided },
});
const span = fc.integer({ min: -1e9, max: 1e9 });
const within = fc.integer({ min: 1, max: 1e8 });

describe('a deadline', () => {
  it('is as near as the clock says that says more, within one boot', () => {
    fc.assert(
      fc.property(within, span, fc.nat(1e9), (ms, wall, boottime) => {
        const left = leftMs(armed(ms), at(1_000_000 + wall, 5_000 + boottime), boot('a'));
        expect(left).toBe(ms - Math.max(wall, boottime));
      }),
    );
  });

  it('is as near as the wall clock says after a boot, and has passed when that ran back', () => {
    fc.assert(
      fc.property(within, span, fc.nat(1e9), (ms, wall, boottime) => {
        const left = leftMs(armed(ms), at(1_000_000 + wall, boottime), boot('b'));
        expect(left).toBe(wall < 0 ? 0 : ms - wall);
      }),
    );
  });

  it('never comes nearer to being met by time that passes', () => {
    fc.assert(
      fc.property(within, fc.nat(1e9), fc.nat(1e9), (ms, first, more) => {
        const look = (passed: number) => leftMs(armed(ms), at(1_000_000 + passed, 5_000 + passed), boot('a'));
        expect(look(first + more)).toBeLessThanOrEqual(look(first));
      }),
    );
  });

  it.each([
    [1_000, 5_000],
    [120_000, 12_000],
    [600_000, 60_000],
    [86_400_000, 60_000],
  ])('of %i ms leaves %i ms more to who holds the run, and none once it is decided', (ms, grace) => {
    expect(graceMs(ms)).toBe(grace);
    const passed = (more: number) => at(1_000_000 + ms + more, 5_000 + ms + more);
    expect(isOverdue(armed(ms), passed(grace - 1), boot('a'))).toBe(false);
    expect(isOverdue(armed(ms), passed(grace), boot('a'))).toBe(true);
    // It has begun to go back, and may take its time.
    expect(isOverdue(armed(ms, 'expired'), passed(10 * grace), boot('a'))).toBe(false);
  });
});
