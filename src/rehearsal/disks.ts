import { spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { WorldDisk } from '../runbook/index.ts';
import { hostCommand, hostCommandIn } from './command.ts';
import type { WorldLayout } from './layout.ts';

/**
 * The disks of a world. As root they are files with ext4 behind loop devices, which the kernel
 * frees with the last process of the world. Where that cannot be had they are folders behind an
 * overlay each, so that they still differ by device and have a source of their own.
 */
export interface Disks {
  readonly kind: 'loop' | 'folders';
  /** Mounts the disk that holds the world's root directory; gives its device. */
  mountRoot(megabytes: number): Promise<string>;
  /** Makes a further disk; call it once the world's `/dev` is there. */
  add(disk: WorldDisk): Promise<AddedDisk>;
  /** The same without a file system on it, to be divided where that is said; gives its device. Loop disks only. */
  addRaw(name: string, megabytes: number, options?: { partitions?: boolean }): Promise<string>;
}

export interface AddedDisk {
  /** As the world sees it. */
  readonly device: string;
  /** Where a folder disk is kept mounted in the world, for the fake mount program. */
  readonly place: string | undefined;
}

export function chooseDisks(layout: WorldLayout, options: { folders: boolean; keep: boolean }): Disks {
  return diskKind(options) === 'loop' ? loopDisks(layout, options.keep) : folderDisks(layout);
}

/** What disks of a world are on this host. */
export function diskKind(options: { folders: boolean }): Disks['kind'] {
  const canLoop = process.getuid?.() === 0 && isInitialUserNamespace() && existsSync('/dev/loop-control');
  return canLoop && !options.folders ? 'loop' : 'folders';
}

function loopDisks(layout: WorldLayout, keep: boolean): Disks {
  const makeRaw = (name: string, megabytes: number) => {
    const image = join(layout.folder, `${name}.img`);
    writeFileSync(image, '');
    truncateSync(image, megabytes * 1024 * 1024);
    return image;
  };
  const makeImage = async (name: string, megabytes: number, ...mkfs: readonly string[]) => {
    const image = makeRaw(name, megabytes);
    await hostCommand(
      'mkfs.ext4',
      '-q',
      '-F',
      '-E',
      'lazy_itable_init=1,lazy_journal_init=1',
      ...mkfs,
      image,
    );
    return image;
  };
  // An attached file needs no name any more; without one a killed supervisor leaves no data behind.
  const forget = (image: string) => {
    if (!keep) unlinkSync(image);
  };
  const loopOf = async (image: string, ...options: readonly string[]) => {
    const device = (await hostCommand('losetup', '--find', '--show', ...options, image)).trim();
    // Detaching a device in use only marks it: it goes when the last user does, which is this process.
    openSync(device, 'r');
    await hostCommand('losetup', '--detach', device);
    // It may have been made read-only with another disk behind it, and stays so for whoever gets it next.
    await hostCommand('blockdev', '--setrw', device);
    return device;
  };
  const attach = async (image: string, ...options: readonly string[]) => {
    const device = await loopOf(image, ...options);
    forget(image);
    await bindDevice(layout, device);
    return device;
  };
  return {
    kind: 'loop',
    async mountRoot(megabytes) {
      const image = await makeImage('old-disk', megabytes, '-L', 'old-disk');
      const device = await loopOf(image);
      await hostCommand('mount', device, layout.root);
      forget(image);
      return device;
    },
    async add(disk) {
      const image = await makeImage(disk.name, disk.megabytes, '-U', disk.uuid);
      const device = await attach(image);
      return { device, place: undefined };
    },
    async addRaw(name, megabytes, { partitions = false } = {}) {
      // The kernel then drops the partitions with the device.
      const device = await attach(makeRaw(name, megabytes), ...(partitions ? ['--partscan'] : []));
      // What the world has made read-only must not be so for whoever gets this number next.
      process.once('exit', () => spawnSync('blockdev', ['--setrw', device], { stdio: 'ignore' }));
      return device;
    },
  };
}

function folderDisks(layout: WorldLayout): Disks {
  const mountOverlay = async (name: string, at: string) => {
    const device = `/dev/world-${name}`;
    for (const part of ['lower', 'upper', 'work']) {
      mkdirSync(join(layout.folder, name, part), { recursive: true });
    }
    mkdirSync(at, { recursive: true });
    // The kernel shows these paths in the mount table: whole ones would seem to lie on the world's own
    // /tmp, and so to be lost at its next boot.
    const parts = `userxattr,lowerdir=${name}/lower,upperdir=${name}/upper,workdir=${name}/work`;
    await hostCommandIn(layout.folder, 'mount', '-t', 'overlay', '-o', parts, device, at);
    return device;
  };
  return {
    kind: 'folders',
    mountRoot: () => mountOverlay('old-disk', layout.root),
    async add(disk) {
      const place = `/.world/kept/${disk.name}`;
      const device = await mountOverlay(disk.name, join(layout.root, place));
      writeFileSync(join(layout.root, device), '');
      return { device, place };
    },
    addRaw: () => Promise.reject(new Error('a folder is no raw disk')),
  };
}

/** Nodes cannot be made in a user namespace, but bound, so that is done everywhere. */
export async function bindDevice(layout: WorldLayout, device: string): Promise<void> {
  closeSync(openSync(join(layout.root, device), 'a'));
  await hostCommand('mount', '--bind', device, join(layout.root, device));
}

/** In the initial user namespace every id stands for itself; only there may file systems on loop devices be mounted. */
function isInitialUserNamespace(): boolean {
  return /^\s*0\s+0\s+4294967295\s*$/.test(readFileSync('/proc/self/uid_map', 'utf8'));
}
