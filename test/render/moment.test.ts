import { describe, expect, test } from 'vitest';
import { formatMoment, formatStamp } from '../../src/render/moment.ts';

const now = Date.parse('2026-11-21T12:00:00Z');

describe('a point in time', () => {
  test('tells how far away it is, ahead and behind', () => {
    expect(formatMoment('2026-11-22T11:12:00Z', now)).toMatch(/22 Nov \d\d:12 \(in 23h 12m\)$/);
    expect(formatMoment('2026-11-21T11:59:56.7Z', now)).toMatch(/\(3s ago\)$/);
    expect(formatMoment('2026-11-21T12:00:00.4Z', now)).toMatch(/\(now\)$/);
  });

  test('stays as it is written when it is none', () => {
    expect(formatMoment('soon', now)).toBe('soon');
  });

  test('in a log stands in UTC, to the second', () => {
    expect(formatStamp('2026-11-21T12:00:00.123Z')).toBe('2026-11-21T12:00:00Z');
  });
});
