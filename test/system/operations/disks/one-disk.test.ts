import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { makeFileSystems, partitionDisk } from '../../../../src/operations/index.ts';
import { temporaryFolder } from '../../../host/folder.ts';
import { drive } from '../../../operations/drive.ts';
import { bench, layout, obstacle, systems, type Bench, type Disk } from './bench.ts';

/** The disk that is meant, between two of the same size, and an old one with a file system. */
function threeAlike() {
  const on = bench();
  const decoys = [on.disk('DECOY-1'), on.disk(undefined)];
  const meant = on.disk('MEANT-1');
  const old = on.disk('OLD-1');
  execFileSync('mkfs.ext4', ['-q', old.path]);
  decoys.push(on.disk('DECOY-2'), old);
  const before = decoys.map((disk) => disk.hash());
  const untouched = () => expect(decoys.map((disk) => disk.hash())).toEqual(before);
  return { on, meant, old, untouched };
}

/** Every attempt on the disk is refused by this code, and no byte of any disk changes. */
async function refused(
  on: Bench,
  disks: readonly Disk[],
  serial: string,
  code: string,
  givenUp = true,
): Promise<string> {
  const before = disks.map((disk) => disk.hash());
  const thrown = await drive(partitionDisk, { serial, layout, givenUp }, { host: on.host }).then(
    () => undefined,
    (error: unknown) => error as { code: string; message: string; hint: string },
  );
  expect(thrown).toMatchObject({ code });
  expect(thrown?.hint).toBeTruthy();
  expect(disks.map((disk) => disk.hash())).toEqual(before);
  return thrown?.message ?? '';
}

function mounted(node: string): string {
  const folder = temporaryFolder();
  execFileSync('mount', [node, folder]);
  onTestFinished(() => void spawnSync('umount', [folder]));
  return folder;
}

describe.skipIf(obstacle !== undefined)('of several disks', () => {
  test('the one with the serial number is divided and gets its file systems, and is taken back to what it was', async () => {
    const { on, meant, untouched } = threeAlike();
    const blank = meant.hash();
    const { host } = on;
    const run = { folder: temporaryFolder() };
    const table = await drive(partitionDisk, { serial: 'MEANT-1', layout }, { host, run });
    expect(await table.probe()).toBe('not-started');
    const divided = await table.act();
    expect(divided.partitions.map(({ name }) => name)).toEqual(['esp', 'nix', 'persist', 'swap']);
    expect(await table.probe()).toEqual({ done: divided });
    // Again after an interruption: the same table.
    expect(await table.act()).toEqual(divided);
    const made = await drive(
      makeFileSystems,
      { serial: 'MEANT-1', diskGuid: divided.diskGuid, systems },
      { host, run },
    );
    expect(await made.probe()).toBe('not-started');
    const output = await made.act();
    expect(await made.probe()).toEqual({ done: output });
    expect(await made.act()).toEqual(output);
    for (const { node, uuid } of output.systems) {
      expect(
        execFileSync('blkid', ['-p', '-s', 'UUID', '-o', 'value', node], { encoding: 'utf8' }).trim(),
      ).toBe(uuid);
    }
    untouched();

    // Not while something is on it, nor while it is mounted.
    const node = output.systems[1]?.node ?? '';
    const point = mounted(node);
    await expect(made.undo()).rejects.toMatchObject({ code: 'disk.mounted' });
    await expect(table.undo()).rejects.toMatchObject({ code: 'disk.mounted' });
    writeFileSync(join(point, 'kept'), 'data\n');
    execFileSync('umount', [point]);
    await expect(made.undo()).rejects.toMatchObject({ code: 'disk.holds-data' });
    await expect(table.undo()).rejects.toMatchObject({ code: 'disk.not-empty' });
    const again = mounted(node);
    rmSync(join(again, 'kept'));
    mkdirSync(join(again, 'store'));
    execFileSync('umount', [again]);
    await made.undo();
    await made.undo();
    expect(await made.probe()).toBe('not-started');
    await table.undo();
    await table.undo();
    expect(await table.probe()).toBe('not-started');
    expect(execFileSync('wipefs', ['--no-act', meant.path], { encoding: 'utf8' })).toBe('');
    expect(existsSync(`${meant.path}p1`)).toBe(false);
    expect(meant.hash()).not.toBe(blank);
    untouched();
  });

  test('a disk that is not empty is left alone unless it is given up', async () => {
    const { on, old, untouched } = threeAlike();
    await refused(on, [old], 'OLD-1', 'disk.not-empty', false);
    untouched();
    const step = await drive(partitionDisk, { serial: 'OLD-1', layout, givenUp: true }, { host: on.host });
    expect(await step.probe()).toBe('not-started');
    expect(await step.probe()).not.toBe('none');
    await step.act();
    // Nothing of what was there shines through.
    const { stdout } = spawnSync('wipefs', ['--no-act', `${old.path}p1`], { encoding: 'utf8' });
    expect(stdout).toBe('');
  });

  test('none is written when the serial number is not there, or several have it', async () => {
    const on = bench();
    const disks = [on.disk('A-1'), on.disk('B-1'), on.disk('B-1')];
    expect(await refused(on, disks, 'C-1', 'disk.not-found')).toContain('C-1');
    expect(await refused(on, disks, 'B-1', 'disk.ambiguous')).toContain(disks[2]?.path);
  });

  test('none is written when disks were exchanged between the look and the act', async () => {
    const on = bench();
    const [meant, decoy] = [on.disk('MEANT-1'), on.disk('DECOY-1')];
    const before = [meant.hash(), decoy.hash()];
    const step = await drive(partitionDisk, { serial: 'MEANT-1', layout }, { host: on.host });
    on.serials.set(meant.path, 'DECOY-1').set(decoy.path, 'MEANT-1');
    await expect(step.act()).rejects.toMatchObject({ code: 'disk.swapped' });
    on.serials.set(meant.path, 'STRANGER').set(decoy.path, 'DECOY-1');
    await expect(step.act()).rejects.toMatchObject({
      code: 'disk.swapped',
      message: expect.stringContaining('STRANGER') as string,
    });
    expect([meant.hash(), decoy.hash()]).toEqual(before);
  });

  test('none is written when another of another size answers to the number after a boot', async () => {
    const on = bench();
    const meant = on.disk('MEANT-1');
    const small = on.disk(undefined, 99);
    const step = await drive(partitionDisk, { serial: 'MEANT-1', layout }, { host: on.host });
    on.serials.delete(meant.path);
    on.serials.set(small.path, 'MEANT-1');
    const machine = on.host.boot;
    Object.assign(on.host, { boot: async () => ({ ...(await machine()), bootId: 'another' }) });
    const before = [meant.hash(), small.hash()];
    await expect(step.act()).rejects.toMatchObject({ code: 'disk.other-size' });
    expect([meant.hash(), small.hash()]).toEqual(before);
  });

  test('one with a mounted partition is never written, not even when it is mounted where nobody here sees it', async () => {
    const on = bench();
    const disk = on.disk('BUSY-1');
    const step = await drive(partitionDisk, { serial: 'BUSY-1', layout }, { host: on.host });
    const divided = await step.act();
    const node = divided.partitions[1]?.node ?? '';
    execFileSync('mkfs.ext4', ['-q', node]);
    const point = mounted(node);
    const before = disk.hash();
    expect(await refused(on, [disk], 'BUSY-1', 'disk.mounted')).toContain(point);
    expect(disk.hash()).toBe(before);
    execFileSync('umount', [point]);

    // As a container has it mounted.
    const script = 'mount "$1" "$2" && echo up && read -r _';
    const holder = spawn(
      'unshare',
      ['--mount', '--propagation', 'private', 'sh', '-c', script, 'hold', node, point],
      {
        stdio: ['pipe', 'pipe', 'inherit'],
      },
    );
    await new Promise((resolve) => holder.stdout.once('data', resolve));
    const hidden = await drive(partitionDisk, { serial: 'BUSY-1', layout, givenUp: true }, { host: on.host });
    await expect(hidden.act()).rejects.toMatchObject({ code: 'disk.in-use' });
    holder.stdin.end('\n');
    await new Promise((resolve) => holder.once('close', resolve));
  });

  test('one that the machine swaps to is never written', async () => {
    const on = bench();
    const disk = on.disk('SWAP-1');
    execFileSync('mkswap', [disk.path], { stdio: 'ignore' });
    const { read } = on.host.files;
    const swaps = `Filename Type Size Used Priority\n${disk.path} partition 195308 0 -2\n`;
    Object.assign(on.host, {
      files: {
        ...on.host.files,
        read: async (path: string) => (path === '/proc/swaps' ? swaps : read(path)),
      },
    });
    await refused(on, [disk], 'SWAP-1', 'disk.swap');
  });

  test('one that holds the backup, the state of the run or the root is never written', async () => {
    const on = bench();
    const disk = on.disk('KEPT-1');
    execFileSync('mkfs.ext4', ['-q', disk.path]);
    const point = mounted(disk.path);
    const given = { serial: 'KEPT-1', layout, givenUp: true };
    const keep = [{ path: point, what: 'the backup' }];
    await expect(drive(partitionDisk, { ...given, keep }, { host: on.host })).rejects.toMatchObject({
      code: 'disk.holds-kept',
      message: expect.stringContaining('the backup') as string,
    });
    await expect(
      drive(partitionDisk, given, { host: on.host, run: { folder: point } }),
    ).rejects.toMatchObject({ code: 'disk.holds-kept', message: expect.stringContaining('state') as string });
  });

  test('one that belongs to a pool, a RAID, LVM, btrfs or LUKS is never written, given up or not', async () => {
    const on = bench();
    const disks = Object.entries(members).map(([type, write]) => {
      // blkid sees no pool on less than 64 MiB.
      const disk = on.disk(type, type === 'zfs_member' ? 70 : 8);
      write(disk.path);
      return { type, disk };
    });
    const all = disks.map(({ disk }) => disk);
    for (const { type } of disks) {
      for (const givenUp of [false, true]) {
        const message = await refused(on, all, type, 'disk.member', givenUp);
        expect(message).toContain(type);
      }
    }
  });

  test('one of which a partition belongs to a RAID is never written', async () => {
    const on = bench();
    const disk = on.disk('PART-1');
    const step = await drive(partitionDisk, { serial: 'PART-1', layout }, { host: on.host });
    const divided = await step.act();
    members['linux_raid_member']?.(divided.partitions[2]?.node ?? '');
    expect(await refused(on, [disk], 'PART-1', 'disk.member')).toContain('RAID');
    await expect(step.undo()).rejects.toMatchObject({ code: 'disk.member' });
  });
});

/** Writes what blkid knows such a device by: the real makers of most cannot work here. */
const members: Readonly<Record<string, (node: string) => void>> = {
  zfs_member: (node) => {
    // Uberblocks of the first label, every KiB from 128 KiB on; blkid wants several.
    const block = Buffer.alloc(131_072);
    for (let at = 0; at < block.length; at += 1024) block.write('0cb1ba00', at, 'hex');
    poke(node, 131_072, block);
  },
  linux_raid_member: (node) => poke(node, 4096, raidSuperblock()),
  LVM2_member: (node) => poke(node, 512, lvmLabel()),
  btrfs: (node) => {
    const block = Buffer.alloc(4096);
    block.write('_BHRfS_M', 64, 'latin1');
    block.writeUInt32LE(4096, 0x90);
    poke(node, 65_536, block);
  },
  crypto_LUKS: (node) =>
    poke(node, 0, Buffer.concat([Buffer.from('LUKS\xba\xbe\x00\x01', 'latin1'), Buffer.alloc(584)])),
};

function poke(node: string, offset: number, bytes: Buffer): void {
  execFileSync(
    'dd',
    [`of=${node}`, 'bs=512', `seek=${offset}`, 'oflag=seek_bytes', 'conv=notrunc,fsync', 'status=none'],
    {
      input: bytes,
    },
  );
}

/** Of version 1.2, with its checksum. */
function raidSuperblock(): Buffer {
  const block = Buffer.alloc(256);
  block.writeUInt32LE(0xa92b4efc, 0);
  block.writeUInt32LE(1, 4);
  Buffer.from('0123456789abcdef').copy(block, 16);
  block.writeBigUInt64LE(8n, 144);
  let sum = 0n;
  for (let at = 0; at < block.length; at += 4) sum += BigInt(block.readUInt32LE(at));
  block.writeUInt32LE(Number(((sum & 0xffffffffn) + (sum >> 32n)) & 0xffffffffn), 216);
  return block;
}

/** Of a physical volume: `LABELONE` in sector 1, with LVM's checksum over the rest of the sector. */
function lvmLabel(): Buffer {
  const sector = Buffer.alloc(512);
  sector.write('LABELONE', 0, 'latin1');
  sector.writeBigUInt64LE(1n, 8);
  sector.writeUInt32LE(32, 20);
  sector.write('LVM2 001', 24, 'latin1');
  sector.write('0123456789abcdef0123456789abcdef', 32, 'latin1');
  let crc = 0xf597a6cf;
  for (const byte of sector.subarray(20)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  sector.writeUInt32LE(crc >>> 0, 16);
  return sector;
}
