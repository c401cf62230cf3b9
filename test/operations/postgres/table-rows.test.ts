import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { privateSettings } from '../../../src/operations/postgres/private-server.ts';
import { countRows, digestOf, rowsDifference } from '../../../src/operations/postgres/table-rows.ts';

const reading = fc.dictionary(
  fc.string({ minLength: 1 }),
  fc.record({ rows: fc.nat(), sum: fc.bigInt().map(String) }),
);

describe('what is read of tables', () => {
  test('two readings differ when their digests do, and only then', () => {
    fc.assert(
      fc.property(reading, reading, (one, other) => {
        expect(rowsDifference(one, one)).toEqual([]);
        expect(rowsDifference(one, other).length === 0).toBe(digestOf(one) === digestOf(other));
      }),
    );
  });

  test('the digest does not mind the order in which tables are read', () => {
    fc.assert(
      fc.property(reading, (one) => {
        expect(digestOf(Object.fromEntries(Object.entries(one).toReversed()))).toBe(digestOf(one));
      }),
    );
  });

  test('each difference is told by its table', () => {
    const before = { a: { rows: 1, sum: '5' }, b: { rows: 2, sum: '6' }, c: { rows: 3, sum: '7' } };
    const after = { a: { rows: 2, sum: '5' }, b: { rows: 2, sum: '9' }, d: { rows: 0, sum: '0' } };
    expect(rowsDifference(before, after)).toEqual([
      'a had 1 rows and has 2',
      'b has other contents in its 2 rows',
      'c is missing',
      'd was not there',
    ]);
    expect(countRows(before)).toBe(6);
  });
});

describe('a server of its own', () => {
  const server = { folder: '/data', user: 'postgres', scratch: '/run/pg' };

  test('on a cluster that stays archives nothing, and leaves what is written for the archive to take later', () => {
    expect(privateSettings(server, 15)).toMatchObject({
      archive_command: '',
      archive_library: '',
      default_transaction_read_only: 'on',
      listen_addresses: '',
    });
    expect(privateSettings(server, 14)).not.toHaveProperty('archive_library');
    for (const name of ['archive_mode', 'fsync'])
      expect(privateSettings(server, 15)).not.toHaveProperty(name);
  });

  test('on clones that are thrown away never archives', () => {
    expect(privateSettings({ ...server, throwAway: true }, 15)).toMatchObject({ archive_mode: 'off' });
  });
});
