import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatBytes } from '../../src/render/bytes.ts';
import { formatRate } from '../../src/render/rate.ts';

const factors: Record<string, number> = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12, PB: 1e15, EB: 1e18 };

function valueOf(text: string): number {
  const [number = '', unit = ''] = text.split(' ');
  return Number(number) * (factors[unit] ?? Number.NaN);
}

describe('a number of bytes', () => {
  test.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.00 kB'],
    [12_345, '12.3 kB'],
    [310e6, '310 MB'],
    [999_499, '999 kB'],
    [999_500, '1.00 MB'],
    [46e9, '46.0 GB'],
    [1.5e12, '1.50 TB'],
  ])('%d shows as %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  test('shows as a question mark when it is none', () => {
    expect(formatBytes(Number.NaN)).toBe('?');
    expect(formatBytes(-1)).toBe('?');
  });

  const bytes = fc.maxSafeNat();

  test('is never off by more than half of the third digit', () => {
    fc.assert(
      fc.property(bytes, (value) => Math.abs(valueOf(formatBytes(value)) - value) <= value * 0.00501),
    );
  });

  test('never takes more than eight characters, nor shows a thousand of a unit', () => {
    fc.assert(
      fc.property(bytes, (value) => {
        const text = formatBytes(value);
        expect(text.length).toBeLessThanOrEqual(8);
        expect(Number.parseFloat(text)).toBeLessThan(1000);
      }),
    );
  });

  test('never shows less for more', () => {
    fc.assert(
      fc.property(bytes, bytes, (one, other) => {
        const [less, more] = one < other ? [one, other] : [other, one];
        return valueOf(formatBytes(less)) <= valueOf(formatBytes(more));
      }),
    );
  });

  test('a second is a rate', () => {
    expect(formatRate(310e6)).toBe('310 MB/s');
  });
});
