import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, openSync, readSync, closeSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { thisMachine } from '../../../../src/host/this-machine.ts';
import type { Host } from '../../../../src/runbook/index.ts';
import { temporaryFolder } from '../../../host/folder.ts';

const programs = ['sgdisk', 'mkfs.vfat', 'mkfs.ext4', 'losetup', 'partx', 'wipefs', 'lsblk'];
export const obstacle =
  process.getuid?.() !== 0
    ? 'they need root'
    : programs.find((name) => !['/usr/sbin', '/usr/bin'].some((folder) => existsSync(join(folder, name))));
if (obstacle !== undefined) console.log(`tests of disks are skipped: ${obstacle}`);

export interface Disk {
  readonly path: string;
  readonly image: string;
  hash(): string;
}

export interface Bench {
  /** This machine, whose lsblk knows the serial numbers of the disks on the bench, which loop devices lack. */
  readonly host: Host;
  /** By node; a test may exchange them. */
  readonly serials: Map<string, string>;
  disk(serial: string | undefined, megabytes?: number): Disk;
}

/** Loop devices in the place of disks, gone when the test ends; what is written to them is really written. */
export function bench(): Bench {
  const folder = temporaryFolder();
  const serials = new Map<string, string>();
  const attached: string[] = [];
  onTestFinished(() => {
    for (const path of attached) {
      spawnSync('partx', ['--delete', path], { stdio: 'ignore' });
    }
  });
  onTestFinished(() => {
    for (const path of attached) execFileSync('losetup', ['--detach', path]);
  });
  const machine = thisMachine();
  const host: Host = {
    ...machine,
    exec: async (command, options) => {
      const result = await machine.exec(command, options);
      if (command.argv[0] !== 'lsblk') return result;
      const found = JSON.parse(result.stdout) as { blockdevices: { path: string; serial: string | null }[] };
      const blockdevices = found.blockdevices.map((each) => ({
        ...each,
        serial: serials.get(each.path) ?? null,
      }));
      return { ...result, stdout: JSON.stringify({ blockdevices: asTree(blockdevices) }) };
    },
  };
  return {
    host,
    serials,
    disk(serial, megabytes = 100) {
      const image = join(folder, `disk-${attached.length}.img`);
      writeFileSync(image, '');
      truncateSync(image, megabytes * 1_024_000);
      const path = execFileSync('losetup', ['--find', '--show', '--partscan', image], {
        encoding: 'utf8',
      }).trim();
      // It may still be what a disk with this number was made before.
      execFileSync('blockdev', ['--setrw', path]);
      attached.push(path);
      if (serial !== undefined) serials.set(path, serial);
      return { path, image, hash: () => hashOf(path, image) };
    },
  };
}

/** Without udev, lsblk shows partitions that were added by hand beside their disk. */
function asTree(devices: readonly { path: string }[]): readonly object[] {
  const parts = devices.filter(({ path }) => /\dp\d+$/.test(path));
  return devices
    .filter((device) => !parts.includes(device))
    .map((device) => ({
      ...device,
      children: parts.filter(({ path }) => path.replace(/(?<=\d)p\d+$/, '') === device.path),
    }));
}

/** Of the whole file, with what the kernel still holds of it written out. */
function hashOf(path: string, image: string): string {
  execFileSync('blockdev', ['--flushbufs', path]);
  const hash = createHash('sha256');
  const file = openSync(image, 'r');
  const block = Buffer.alloc(1 << 20);
  for (let read = readSync(file, block); read > 0; read = readSync(file, block))
    hash.update(block.subarray(0, read));
  closeSync(file);
  return hash.digest('hex');
}

export const layout = [
  { name: 'esp', size: '40 MB', type: 'esp' as const, purpose: '/boot/efi' },
  { name: 'nix', size: '30 MB', type: 'linux' as const, purpose: '/nix' },
  { name: 'persist', size: 'rest' as const, atLeast: '10 MB', type: 'linux' as const, purpose: '/persist' },
  { name: 'swap', size: '10 MB', type: 'swap' as const },
];

export const systems = [
  { partition: 1, type: 'vfat' as const, label: 'ESP' },
  { partition: 2, type: 'ext4' as const, label: 'nix' },
  { partition: 3, type: 'ext4' as const, label: 'persist' },
  { partition: 4, type: 'swap' as const, label: 'swap' },
];
