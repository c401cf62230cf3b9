import fc from 'fast-check';
import { expect, test } from 'vitest';
import { resticFailure } from '../../src/operations/restic/restic.ts';
import { SeededSample } from '../../src/operations/restic/seeded-sample.ts';

test('exit codes of new restic and messages of old restic mean the same', () => {
  expect(resticFailure({ exitCode: 0, stderr: 'Fatal: wrong password or no key found' })).toBeUndefined();
  expect(resticFailure({ exitCode: 3, stderr: '' })).toBe('incomplete');
  expect(resticFailure({ exitCode: 10, stderr: '' })).toBe('no-repository');
  expect(resticFailure({ exitCode: 11, stderr: '' })).toBe('locked');
  expect(resticFailure({ exitCode: 12, stderr: '' })).toBe('wrong-password');
  expect(resticFailure({ exitCode: 1, stderr: 'Is there a repository at the following location?\n/x' })).toBe(
    'no-repository',
  );
  expect(
    resticFailure({
      exitCode: 1,
      stderr:
        'repo already locked, waiting\nunable to create lock in backend: repository is already locked by PID 7',
    }),
  ).toBe('locked');
  expect(resticFailure({ exitCode: 1, stderr: 'Fatal: wrong password or no key found' })).toBe(
    'wrong-password',
  );
  for (const exitCode of [1, 2, 99, 130, null])
    expect(resticFailure({ exitCode, stderr: '' })).toBe('failed');
});

test('a seed chooses the same members in whatever order they come', () => {
  const names = fc.uniqueArray(fc.string(), { minLength: 1, maxLength: 400 });
  fc.assert(
    fc.property(
      names,
      fc.integer({ min: 1, max: 20 }),
      fc.string(),
      fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
      (all, size, seed, order) => {
        const choose = (list: readonly string[]) => {
          const sample = new SeededSample<string>(size, seed);
          for (const name of list) sample.offer(name, name);
          return sample.members();
        };
        const shuffled = all
          .map((name) => ({ name, at: order.next().value as number }))
          .toSorted((one, other) => one.at - other.at)
          .map(({ name }) => name);
        const chosen = choose(all);
        expect(choose(shuffled)).toEqual(chosen);
        expect(chosen).toHaveLength(Math.min(size, all.length));
        expect(new Set(chosen).size).toBe(chosen.length);
      },
    ),
  );
});
