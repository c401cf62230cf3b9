import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  bytesOf,
  comparePaths,
  fromBytes,
  fromText,
  join,
  parentOf,
  nameOf,
  showPath,
  textOf,
} from '../../src/copy/byte-path.ts';
import { fromLine, toLine } from '../../src/copy/entry-line.ts';
import type { Entry } from '../../src/copy/entry.ts';

const name = fc
  .uint8Array({ minLength: 1, maxLength: 12 })
  .filter((bytes) => !bytes.includes(0) && !bytes.includes(0x2f))
  .map((bytes) => fromBytes(bytes))
  .filter((text) => text !== '.' && text !== '..');
const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => names.join('/'));

test('every path survives, whatever bytes it is of', () => {
  fc.assert(
    fc.property(path, (one) => {
      expect(fromBytes(bytesOf(one))).toBe(one);
      expect(join(parentOf(one), nameOf(one))).toBe(one);
      const text = textOf(one);
      if (text !== undefined) expect(fromText(text)).toBe(one);
    }),
  );
});

test('the order of paths is that of a walk which sorts names by their bytes', () => {
  const key = (one: string) => one.split('/').map((part) => bytesOf(part));
  const byParts = (one: string, other: string): number => {
    const [a, b] = [key(one), key(other)];
    for (let index = 0; index < Math.min(a.length, b.length); index += 1) {
      const order = Buffer.compare(a[index]!, b[index]!);
      if (order !== 0) return order;
    }
    return a.length - b.length;
  };
  fc.assert(
    fc.property(path, path, (one, other) => {
      expect(Math.sign(comparePaths(one, other))).toBe(Math.sign(byParts(one, other)));
    }),
  );
  expect(['b', 'a.txt', 'a/x', '.', 'a'].toSorted(comparePaths)).toEqual(['.', 'a', 'a/x', 'a.txt', 'b']);
});

test('what people are shown holds no control characters and stays readable', () => {
  expect(showPath(fromText('a b/ünï'))).toBe('a b/ünï');
  expect(showPath('new\nline')).toBe(String.raw`$'new\x0aline'`);
  expect(showPath('\xff')).toBe(String.raw`$'\xff'`);
  fc.assert(fc.property(path, (one) => !/[\p{Cc}]/u.test(showPath(one))));
});

test('an entry comes back from its line as it went in', () => {
  const entry = fc.record(
    {
      path,
      type: fc.constant('symlink' as const),
      target: path,
      mode: fc.integer({ min: 0, max: 0o7777 }),
      uid: fc.nat(),
      gid: fc.nat(),
      mtimeNs: fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n }),
      inode: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      ctimeNs: fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n }),
      links: fc.integer({ min: 2, max: 65_000 }),
      // The kernel takes names within a namespace only.
      attributes: fc.dictionary(
        fc.string({ minLength: 1 }).map((name) => `user.${name}`),
        fc.string(),
        { noNullPrototype: true },
      ),
    },
    {
      requiredKeys: ['path', 'type', 'mode', 'uid', 'gid', 'mtimeNs', 'inode', 'ctimeNs'],
      noNullPrototype: true,
    },
  );
  fc.assert(
    fc.property(entry, (one) => {
      expect(fromLine(toLine(one as Entry))).toEqual(one);
    }),
  );
});

test('what is no entry is refused, whichever field is wrong', () => {
  const right = {
    ...{ path: 'a', type: 'file', size: 1, hash: '0'.repeat(32), target: 'b', device: '1:2', mode: '0644' },
    ...{ uid: 0, gid: 0, mtimeNs: '-1', links: 2, inode: '3', ctimeNs: '4' },
  };
  expect(fromLine(JSON.stringify(right))).toMatchObject({ path: 'a', mode: 0o644, inode: 3n });
  const odd = [
    null,
    [],
    {},
    true,
    -1,
    1.5,
    2 ** 60,
    '',
    ' 1',
    '1\n',
    '0x1',
    'file ',
    'f'.repeat(31),
    'f0644',
  ];
  const anyText = new Set(['path', 'target', 'device']);
  for (const name of Object.keys(right)) {
    for (const value of odd) {
      if (typeof value === 'string' && anyText.has(name)) continue;
      const line = JSON.stringify({ ...right, [name]: value });
      expect(() => fromLine(line), line).toThrow();
    }
  }
  for (const more of [{ other: 1 }, { pathHex: 'x' }, { attributes: { a: 1 } }, { mode: undefined }])
    expect(() => fromLine(JSON.stringify({ ...right, ...more })), JSON.stringify(more)).toThrow();
  for (const text of ['null', '[]', '1', '"x"', '{}']) expect(() => fromLine(text), text).toThrow();
});
