import fc from 'fast-check';
import { expect, test } from 'vitest';
import { partitionLayout } from '../../../src/operations/disks/layout.ts';
import { drawPartitions } from '../../../src/operations/disks/picture.ts';
import { planPartitions } from '../../../src/operations/disks/plan-partitions.ts';
import { bytesOf, diskSize } from '../../../src/operations/disks/size.ts';

const mebibyte = 2 ** 20;
const layout = partitionLayout.parse([
  { name: 'esp', size: '512 MB', type: 'esp', purpose: '/boot/efi' },
  { name: 'nix', size: '350 GB', type: 'linux', purpose: '/nix' },
  { name: 'persist', size: 'rest', type: 'linux', purpose: '/persist' },
  { name: 'swap', size: '64 GB', type: 'swap' },
]);
/** What a disk sold as 2 TB really holds. */
const twoTerabytes = { bytes: 2_000_398_934_016, sectorBytes: 512 };

test('a plan that adds up to the size on the label fits the real disk, since one partition takes the rest', () => {
  const [esp, nix, persist, swap] = planPartitions(layout, twoTerabytes);
  expect(esp).toMatchObject({ number: 1, firstSector: 2048 });
  expect(nix?.bytes).toBeGreaterThanOrEqual(350e9);
  expect(swap?.bytes).toBeGreaterThanOrEqual(64e9);
  expect(persist?.bytes).toBeGreaterThan(1585e9);
  expect(persist?.bytes).toBeLessThan(1586e9);
  const fixed = partitionLayout.parse(
    layout.map((one) => (one.name === 'persist' ? { ...one, size: '1586 GB' } : one)),
  );
  expect(() => planPartitions(fixed, twoTerabytes)).toThrow(/do not fit a disk of 2000398934016 bytes/);
});

test('partitions lie side by side on whole MiB, within what the table leaves, whatever the disk', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(512, 4096),
      fc.integer({ min: 64, max: 4_000_000 }),
      fc.integer({ min: 0, max: 4095 }),
      fc.array(fc.integer({ min: 1, max: 400_000 }), { maxLength: 5 }),
      (sectorBytes, mebibytes, odd, sizes) => {
        const bytes = mebibytes * mebibyte + odd;
        const given = partitionLayout.parse([
          ...sizes.map((size, index) => ({ name: `p${index}`, size: `${size} MB`, type: 'linux' })),
          { name: 'rest', size: 'rest', type: 'linux' },
        ]);
        let planned;
        try {
          planned = planPartitions(given, { bytes, sectorBytes });
        } catch (thrown) {
          expect(thrown).toMatchObject({ code: 'disk.too-small' });
          // It really does not fit: each size is rounded up by less than a MiB, and both ends take less than three.
          const wanted = sizes.reduce((sum, size) => sum + size * 1e6, 0);
          expect(wanted).toBeGreaterThan(bytes - (sizes.length + 5) * mebibyte);
          return;
        }
        const sectors = Math.floor(bytes / sectorBytes);
        let next = mebibyte / sectorBytes;
        for (const { firstSector, lastSector } of planned) {
          expect(firstSector).toBe(next);
          expect((firstSector * sectorBytes) % mebibyte).toBe(0);
          expect(lastSector).toBeGreaterThan(firstSector);
          next = lastSector + 1;
        }
        // The copy of the table: its header, and 16 KiB of entries.
        expect(next).toBeLessThanOrEqual(sectors - 1 - 16_384 / sectorBytes);
        for (const [index, size] of sizes.entries())
          expect(planned[index]?.bytes).toBeGreaterThanOrEqual(size * 1e6);
      },
    ),
  );
});

test('a size says its unit, and a thousand is not 1024', () => {
  expect(bytesOf('350 GB')).toBe(350e9);
  expect(bytesOf('64 GiB')).toBe(64 * 2 ** 30);
  for (const wrong of ['350', '350 G', '-1 GB', '0 GB', '1 gb', '']) {
    expect(diskSize.safeParse(wrong).success, wrong).toBe(false);
  }
});

test('a picture shows every partition, also the small ones, in 80 columns', () => {
  const drawn = drawPartitions({ ...twoTerabytes, title: 'SSD' }, planPartitions(layout, twoTerabytes));
  for (const name of ['esp', 'nix', 'persist', 'swap', '/boot/efi']) {
    expect(drawn).toContain(name);
  }
  for (const line of drawn.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  expect(drawn.split('\n')[2]).toMatch(/1.*2.*3.*4/);
});
