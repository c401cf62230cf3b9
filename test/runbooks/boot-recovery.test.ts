import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { notOfThisDisk } from '../../runbooks/boot-recovery/would-boot.ts';
import { parseFstab } from '../../runbooks/persistence/fstab.ts';
import { readWithin } from '../../runbooks/system-disk-impermanence/read-within.ts';
import { thisMachine } from '../../src/host/this-machine.ts';
import { temporaryFolder } from '../host/folder.ts';

const wanted = { '/nix': 'aaaa-1', '/persist': 'bbbb-2', '/boot/efi': '0C7E-41B5' };
const wrongIn = (...lines: readonly string[]) => notOfThisDisk(parseFstab(lines.join('\n')), wanted);
const nix = '/dev/disk/by-uuid/aaaa-1 /nix ext4 noatime 0 2';
const persist = '/dev/disk/by-uuid/bbbb-2 /persist ext4 noatime 0 2';

describe('the file systems that a system looks for', () => {
  test('are of its disk, in whatever letters, and by label on trust', () => {
    expect(wrongIn(nix, persist, '/dev/disk/by-uuid/0c7e-41b5 /boot/efi vfat umask=0077 0 2')).toEqual([]);
    expect(wrongIn(nix, persist, '/dev/disk/by-label/ESP /boot/efi vfat umask=0077 0 2')).toEqual([]);
  });

  test('are told with both UUIDs when they are not, and by their place when they are missing', () => {
    expect(wrongIn(nix, persist.replace('bbbb-2', 'bbbb-3'))).toEqual([
      '/persist is looked for by the UUID bbbb-3, and that of this disk is bbbb-2',
      '/boot/efi is not mounted',
    ]);
  });
});

test('a file of a system that is mounted elsewhere is read by its links as that system follows them', async () => {
  const root = temporaryFolder();
  for (const folder of ['system', 'etc/etc']) mkdirSync(join(root, 'nix/store', folder), { recursive: true });
  writeFileSync(join(root, 'nix/store/fstab'), 'of the disk\n');
  symlinkSync('/nix/store/etc/etc', join(root, 'nix/store/system/etc'));
  symlinkSync('/nix/store/fstab', join(root, 'nix/store/etc/etc/fstab'));
  const read = (path: string) => readWithin(thisMachine(), root, path);
  expect(await read('/nix/store/system/etc/fstab')).toBe('of the disk\n');
  expect(await read('/nix/store/system/etc/none')).toBeUndefined();
});
