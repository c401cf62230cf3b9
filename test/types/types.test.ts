import { join } from 'node:path';
import { expect, test } from 'vitest';
import { compare, diagnose, readExpectations } from './diagnostics.ts';

const accepted = join(import.meta.dirname, 'accepted');
const refused = join(import.meta.dirname, 'refused');

test('the compiler accepts every right use of the chain', { timeout: 120_000 }, async () => {
  expect(await diagnose(join(accepted, 'tsconfig.json'))).toEqual([]);
});

test(
  'the compiler refuses every wrong use of the chain with its own message',
  { timeout: 120_000 },
  async () => {
    const expectations = await readExpectations(refused);
    expect(expectations.length).toBeGreaterThan(30);
    expect(compare(expectations, await diagnose(join(refused, 'tsconfig.json')))).toEqual([]);
  },
);

test('a wrong use that the compiler accepts, or refuses otherwise, is noticed', () => {
  const expectations = [
    { file: 'a.ts', line: 3, expected: 'used twice' },
    { file: 'a.ts', line: 8, expected: 'no such id' },
  ];
  const twice = { file: 'a.ts', line: 4, text: 'TS1: used twice' };
  const unknown = { file: 'a.ts', line: 10, text: 'TS2: no such id' };
  expect(compare(expectations, [twice, unknown])).toEqual([]);
  expect(compare(expectations, [twice])).toHaveLength(1);
  expect(compare(expectations, [twice, { ...unknown, text: 'TS3: something else' }])).toHaveLength(1);
  expect(compare(expectations, [twice, unknown, { ...unknown, line: 11 }])).toHaveLength(1);
  expect(compare(expectations, [twice, unknown, { ...unknown, line: 1 }])).toHaveLength(1);
});
