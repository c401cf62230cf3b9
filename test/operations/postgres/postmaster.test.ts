import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parsePidFile, parseStat } from '../../../src/operations/postgres/postmaster.ts';

test('a pid file names the process and when it started', () => {
  expect(parsePidFile('4242\n/data\n1795294800\n5432\n/run/postgresql\n\n')).toEqual({
    pid: 4242,
    startedAt: 1_795_294_800,
  });
});

test('a pid file of a single backend has a negative number, and is one all the same', () => {
  expect(parsePidFile('-77\n/data\n1\n')?.pid).toBe(77);
});

test('a pid file that is empty or torn names nobody', () => {
  for (const torn of ['', '\n', 'abc\n', '0\n/data\n1\n']) expect(parsePidFile(torn)).toBeUndefined();
});

test('whatever the name of a process holds, its state and start are found', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 15 }), fc.nat(), (name, ticks) => {
      const rest = ['S', ...Array.from({ length: 18 }, () => '0'), String(ticks), '0', '0'];
      expect(parseStat(`12 (${name}) ${rest.join(' ')}\n`)).toEqual({ state: 'S', startTicks: ticks });
    }),
  );
});
