import fc from 'fast-check';
import { expect, test } from 'vitest';
import { comparePaths } from '../../../src/copy/byte-path.ts';
import { fromRecord, toRecord } from '../../../src/copy/far/record-order.ts';

const name = fc
  .array(fc.constantFrom('\x01', '\x02', '\x03', ' ', '-', '.', 'a', 'b', '\n', '\xff'), {
    minLength: 1,
    maxLength: 4,
  })
  .map((letters) => letters.join(''))
  .filter((text) => text !== '.' && text !== '..');
const path = fc.oneof(
  fc.constant('.'),
  fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => names.join('/')),
);

test('paths sorted as records of plain bytes come in the order of a walk, whatever bytes they hold', () => {
  fc.assert(
    fc.property(path, path, (one, other) => {
      const [a, b] = [toRecord(one, 'f'), toRecord(other, 'f')].map((text) => Buffer.from(text, 'latin1'));
      expect(Math.sign(Buffer.compare(a ?? Buffer.alloc(0), b ?? Buffer.alloc(0)))).toBe(
        Math.sign(comparePaths(one, other)),
      );
    }),
  );
});

test('every path and its fields come back from a record', () => {
  fc.assert(
    fc.property(path, fc.string(), (one, fields) => {
      expect(fromRecord(toRecord(one, fields))).toEqual({ path: one, fields });
    }),
  );
});
