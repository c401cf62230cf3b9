import fc from 'fast-check';
import { expect, test } from 'vitest';
import { UsageError } from '../../../src/errors.ts';
import {
  checkOf,
  judge,
  probeOf,
  thresholds,
  type Level,
  type Limits,
} from '../../../src/operations/index.ts';

const order: readonly Level[] = ['ok', 'warning', 'critical'];
const limits: fc.Arbitrary<Limits> = fc
  .record({
    low: fc.option(fc.integer({ min: -100, max: 100 }), { nil: undefined }),
    more: fc.option(fc.nat(100), { nil: undefined }),
    worse: fc.constantFrom('above' as const, 'below' as const),
  })
  .map(({ low, more, worse }) => {
    const warning = worse === 'above' ? low : low === undefined ? undefined : -low;
    const distance = more ?? 0;
    const from = warning ?? 0;
    const critical = more === undefined ? undefined : worse === 'above' ? from + distance : from - distance;
    return { unit: 'x', warning, critical, worse };
  });

test('a figure that is worse is never judged better', () => {
  fc.assert(
    fc.property(limits, fc.double({ noNaN: true }), fc.double({ noNaN: true }), (given, one, other) => {
      const [better, worse] = (given.worse === 'above') === one <= other ? [one, other] : [other, one];
      expect(order.indexOf(judge(given, worse))).toBeGreaterThanOrEqual(order.indexOf(judge(given, better)));
    }),
  );
});

test('a figure at its limit is still as the limit says, and one beyond is not', () => {
  fc.assert(
    fc.property(limits, (given) => {
      const step = given.worse === 'above' ? 1 : -1;
      const { warning, critical } = given;
      if (critical !== undefined) {
        expect(judge(given, critical)).not.toBe('critical');
        expect(judge(given, critical + step)).toBe('critical');
      }
      if (warning === undefined) return;
      expect(judge(given, warning)).toBe('ok');
      expect(judge(given, warning + step)).not.toBe('ok');
    }),
  );
});

test('what is no number is unknown, whatever the limits', () => {
  fc.assert(fc.property(limits, (given) => judge(given, Number.NaN) === 'unknown'));
});

test.each([
  ['replicationLag', 12, 'ok', 12.1, 'warning', 24, 'warning', 24.1, 'critical'],
  ['backupAge', 24, 'ok', 25, 'warning', 48, 'warning', 49, 'critical'],
  ['snapshotAge', 48, 'ok', 49, 'warning', 1_000, 'warning', Number.POSITIVE_INFINITY, 'warning'],
  ['capacity', 80, 'ok', 81, 'warning', 90, 'warning', 91, 'critical'],
  ['preseedFailures', 0, 'ok', 1, 'critical', 2, 'critical', 3, 'critical'],
] as const)('%s has the limits of the plan', (name, ...pairs) => {
  for (let index = 0; index < pairs.length; index += 2)
    expect(judge(thresholds[name], pairs[index] as number)).toBe(pairs[index + 1]);
});

test('limits that cannot be told apart are refused when the runbook is loaded', () => {
  const measure = { name: 'lag', unit: 'h', measure: () => 1 };
  for (const wrong of [
    { warning: 24, critical: 12 },
    { warning: 12, critical: 24, worse: 'below' as const },
    { warning: Number.NaN },
  ]) {
    expect(() => probeOf({ ...measure, ...wrong })).toThrow(UsageError);
    expect(() => checkOf({ ...measure, ...wrong })).toThrow(UsageError);
  }
});
