import { symlinkSync, writeFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { capacityAt, formatBytes, needOf, shortage } from '../../src/copy/capacity.ts';
import { takeInventory } from '../../src/copy/inventory-take.ts';
import { temporaryFolder } from './folder.ts';

test('what does not fit is told with both numbers, bytes before inodes', () => {
  expect(shortage({ bytes: 1_000, inodes: 5 }, { bytes: 1_009, inodes: 5 })).toMatch(
    /1.0 kB \(1010 bytes\) .* 1.0 kB \(1009 bytes\)/,
  );
  expect(shortage({ bytes: 1_000, inodes: 6 }, { bytes: 2_000, inodes: 5 })).toMatch(
    /6 inodes .* 5 are free/,
  );
  expect(shortage({ bytes: 1_000, inodes: 6 }, { bytes: 2_000, inodes: undefined })).toBeUndefined();
  fc.assert(
    fc.property(fc.nat(), fc.nat(), fc.nat(), fc.nat(), (bytes, inodes, freeBytes, freeInodes) => {
      const fits = shortage({ bytes, inodes }, { bytes: freeBytes, inodes: freeInodes }) === undefined;
      if (fits) expect(freeBytes >= bytes && freeInodes >= inodes).toBe(true);
      if (freeBytes >= bytes * 1.02 + 1 && freeInodes >= inodes) expect(fits).toBe(true);
    }),
  );
});

test('a hole takes no room, except on a disk to which it may not be carried', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'sparse'), '');
  truncateSync(join(folder, 'sparse'), 50_000_000);
  writeFileSync(join(folder, 'small'), 'x');
  symlinkSync('small', join(folder, 'link'));
  const { totals } = await takeInventory(folder, { to: folder, exclude: new Set() });
  expect(totals).toMatchObject({ files: 2, symlinks: 1, folders: 1, inodes: 4, bytes: 50_000_001 });
  expect(needOf(totals, false).bytes).toBeLessThan(100_000);
  expect(needOf(totals, true).bytes).toBeGreaterThanOrEqual(50_000_001);
});

test('the room for a folder that is not there yet is that of the place where it will be', () => {
  const folder = temporaryFolder();
  expect(capacityAt(join(folder, 'not/yet/there')).bytes).toBeGreaterThan(0);
});

test('bytes are shown in the unit that people read, and exactly', () => {
  expect(formatBytes(0)).toBe('0 bytes');
  expect(formatBytes(999)).toBe('999 bytes');
  expect(formatBytes(46_212_345_678)).toBe('46.2 GB (46212345678 bytes)');
});
