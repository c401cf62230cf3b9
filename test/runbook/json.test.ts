import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { firstLoss } from '../../src/runbook/index.ts';

describe('firstLoss', () => {
  it('finds nothing in what JSON gives back as it was', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const plain = JSON.parse(JSON.stringify(value)) as unknown;
        expect(firstLoss(plain, '')).toBeUndefined();
      }),
    );
  });

  it('finds something in all that JSON would change', () => {
    fc.assert(
      fc.property(fc.anything({ withDate: true, withMap: true, withBigInt: true }), (value) => {
        if (firstLoss(value, '') !== undefined) return;
        const back = JSON.parse(JSON.stringify(value)) as unknown;
        expect(withoutUndefined(back)).toEqual(withoutUndefined(value));
      }),
    );
  });

  it.each([
    [{ at: new Date(0) }, 'at is a Date'],
    [{ list: [1, undefined] }, 'list[1] is of type undefined'],
    [{ size: Number.NaN }, 'size is NaN'],
    [{ size: -0 }, 'size is -0'],
    [{ a: { b: 10n } }, 'a.b is of type bigint'],
    [() => 1, 'the value is of type function'],
    [new Map(), 'the value is a Map'],
    [Object.create(Object.create(null)), 'the value is no plain object'],
  ])('names the first part that would be lost: %#', (value, says) => {
    expect(firstLoss(value, '')).toBe(says);
  });

  it('names a value that holds itself instead of following it for ever', () => {
    const circle: { list: unknown[] } = { list: [] };
    circle.list.push(circle);
    expect(firstLoss(circle, '')).toBe('list[0] holds itself');
    const twice = { a: 1 };
    expect(firstLoss([twice, twice], '')).toBeUndefined();
  });
});

function withoutUndefined(value: unknown): unknown {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(
        Object.entries(value)
          .filter(([, item]) => item !== undefined)
          .map(([key, item]) => [key, withoutUndefined(item)]),
      )
    : value;
}
