import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { durationMs } from '../../src/runbook/index.ts';

describe('durationMs', () => {
  it.each([
    ['500ms', 500],
    ['90s', 90_000],
    ['30m', 1_800_000],
    ['1.5h', 5_400_000],
    ['7d', 604_800_000],
    [1_234, 1_234],
  ])('reads %s', (text, ms) => {
    expect(durationMs(text)).toBe(ms);
  });

  it.each(['', '5', '5 m', '-5m', '0h', '1e3s', 'h', '5M', 0, -1, Number.NaN, Infinity, null, undefined, {}])(
    'refuses %j, and says what is taken',
    (value) => {
      expect(() => durationMs(value as string)).toThrow(
        expect.objectContaining({ code: 'duration.invalid', hint: expect.stringContaining('24h') }),
      );
    },
  );

  it('grows with its number', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), fc.constantFrom('ms', 's', 'm', 'h', 'd'), (n, unit) => {
        expect(durationMs(`${n + 1}${unit}`)).toBeGreaterThan(durationMs(`${n}${unit}`));
      }),
    );
  });
});
