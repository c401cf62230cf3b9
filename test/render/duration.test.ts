import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatDuration } from '../../src/render/duration.ts';

const units: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function valueOf(text: string): number {
  return text
    .split(' ')
    .reduce((sum, part) => sum + Number.parseFloat(part) * (units[part.at(-1) ?? ''] ?? Number.NaN), 0);
}

describe('a length of time', () => {
  test.each([
    [0, '0s'],
    [820, '0.8s'],
    [9_990, '9.9s'],
    [48_900, '48s'],
    [60_000, '1m'],
    [108_000, '1m 48s'],
    [3_600_000, '1h'],
    [83_520_000, '23h 12m'],
    [86_400_000 + 3_600_000, '1d 1h'],
    [-5, '0s'],
    [Number.NaN, '?'],
    [Infinity, '?'],
  ])('%d ms shows as %s', (milliseconds, text) => {
    expect(formatDuration(milliseconds)).toBe(text);
  });

  const milliseconds = fc.integer({ min: 0, max: 400 * 86_400_000 });

  test('has passed in full when it is shown, and the next smaller unit is all that is left out', () => {
    fc.assert(
      fc.property(milliseconds, (value) => {
        const shown = valueOf(formatDuration(value));
        // Floating point: 0.3 s is not exactly 300 ms.
        expect(shown).toBeLessThanOrEqual(value + 0.001);
        const slack =
          value < 10_000 ? 100 : value < 3_600_000 ? 1000 : value < 86_400_000 ? 60_000 : 3_600_000;
        expect(value - shown).toBeLessThan(slack + 0.001);
      }),
    );
  });

  test('never shows sixty of a unit that has a larger one', () => {
    fc.assert(fc.property(milliseconds, (value) => !/\b(6\d|[7-9]\d)[sm]\b/.test(formatDuration(value))));
  });
});
