import { expect, test } from 'vitest';
import { StepError } from '../../src/errors.ts';
import { thisMachine } from '../../src/host/this-machine.ts';
import { fileSystemUuid, sameUuid } from '../../src/operations/mounts/file-system-uuid.ts';
import type { Host, Mount } from '../../src/runbook/index.ts';

const mount: Mount = {
  id: 1,
  parent: 0,
  device: '8:17',
  root: '/',
  point: '/mnt/ssd',
  options: ['rw'],
  type: 'ext4',
  source: '/dev/sdb1',
};

/** A machine of a few files and links, on which `blkid` knows the devices that are named, or is not there. */
function machine(world: {
  files?: Record<string, string>;
  links?: Record<string, string>;
  blkid?: Record<string, string>;
}): Host {
  const { files = {}, links = {}, blkid } = world;
  return {
    ...thisMachine(),
    exec: async ({ argv }) => {
      if (blkid === undefined) throw new StepError('command.missing', 'the program blkid is not installed');
      const uuid = blkid[argv.at(-1) ?? ''];
      return {
        stdout: uuid === undefined ? '' : `${uuid}\n`,
        stderr: '',
        exitCode: uuid === undefined ? 2 : 0,
      };
    },
    files: {
      ...thisMachine().files,
      read: async (path) => files[path],
      realPath: async (path) => links[path] ?? path,
      list: async (path) =>
        Object.keys(links).flatMap((link) =>
          link.startsWith(`${path}/`) ? [link.slice(path.length + 1)] : [],
        ),
    },
  };
}

test('the disk is found by its number, since its name may belong to another disk by now', async () => {
  const host = machine({
    files: { '/sys/dev/block/8:17/uevent': 'MAJOR=8\nMINOR=17\nDEVNAME=sdc1\n' },
    blkid: { '/dev/sdb1': 'another', '/dev/sdc1': 'right' },
  });
  expect(await fileSystemUuid(host, mount)).toBe('right');
});

test('where the number is no disk’s, as on btrfs, the name in the mount table counts', async () => {
  const host = machine({ blkid: { '/dev/sdb1': 'right' } });
  expect(await fileSystemUuid(host, { ...mount, device: '0:41', type: 'btrfs' })).toBe('right');
});

test('without blkid, or without the right to read the disk, the links of udev answer', async () => {
  const links = { '/dev/disk/by-uuid/aaaa': '/dev/sda1', '/dev/disk/by-uuid/bbbb': '/dev/sdb1' };
  expect(await fileSystemUuid(machine({ links }), mount)).toBe('bbbb');
  expect(await fileSystemUuid(machine({ links, blkid: {} }), mount)).toBe('bbbb');
  expect(await fileSystemUuid(machine({}), mount)).toBeUndefined();
});

test('a file system without a disk has no UUID', async () => {
  expect(
    await fileSystemUuid(machine({ blkid: {} }), {
      ...mount,
      source: 'tmpfs',
      type: 'tmpfs',
      device: '0:30',
    }),
  ).toBeUndefined();
});

test('a UUID is the same in capitals', () => {
  expect(sameUuid('ABCD-0123', 'abcd-0123')).toBe(true);
});
