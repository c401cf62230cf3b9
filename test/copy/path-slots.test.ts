import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PathSlots } from '../../src/copy/path-slots.ts';

test('paths are found by every byte of theirs, and given in their order, as of a map', () => {
  const letter = fc.constantFrom('a', 'b', '.', '\xff', '\n');
  const name = fc
    .string({ unit: letter, minLength: 1, maxLength: 3 })
    .map((text) => (text === '.' ? '..' : text));
  const paths = fc.uniqueArray(
    fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join('/')),
    {
      minLength: 1,
      maxLength: 200,
    },
  );
  fc.assert(
    fc.property(paths, paths, (here, others) => {
      const [slots, map] = [new PathSlots(), new Map(here.map((path, slot) => [path, slot]))];
      for (const [path, slot] of map) slots.add(path, slot);
      expect([...slots]).toEqual([...map]);
      for (const path of [...here, ...others]) expect(slots.get(path)).toBe(map.get(path));
    }),
  );
});

test('it grows to thousands of paths and finds each', () => {
  const slots = new PathSlots();
  for (let file = 0; file < 5_000; file += 1)
    slots.add(`folder-${file % 70}/a-name-of-the-file-${file}`, file);
  for (let file = 0; file < 5_000; file += 1)
    expect(slots.get(`folder-${file % 70}/a-name-of-the-file-${file}`)).toBe(file);
  expect(slots.get('folder-0/a-name-of-the-file-1')).toBeUndefined();
});
