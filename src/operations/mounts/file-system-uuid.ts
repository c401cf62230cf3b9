import { MigrateError } from '../../errors.ts';
import type { Host, Mount } from '../../runbook/index.ts';

/**
 * The UUID of the file system on a mount, read from its disk, and of a ZFS dataset its GUID; `undefined`
 * when it has none (tmpfs, network) or it cannot be read.
 */
export async function fileSystemUuid(host: Host, mount: Mount): Promise<string | undefined> {
  if (zfsTypes.has(mount.type)) return askZfs(host, mount.source);
  const device = await blockDevice(host, mount);
  if (device === undefined) return undefined;
  return (await askDisk(host, device)) ?? (await askUdev(host, device));
}

/** The second is zfs-fuse's. Other programs' file systems have a type of their own behind the dot. */
const zfsTypes = new Set(['zfs', 'fuse.zfs']);

async function askZfs(host: Host, dataset: string): Promise<string | undefined> {
  const argv = ['zfs', 'get', '-H', '-p', '-o', 'value', 'guid', dataset] as const;
  return ask(host, argv);
}

async function ask(host: Host, argv: readonly [string, ...string[]]): Promise<string | undefined> {
  try {
    const { stdout, exitCode } = await host.exec({ argv }, { anyExit: true });
    return exitCode === 0 && stdout.trim() !== '' ? stdout.trim() : undefined;
  } catch (error) {
    if (error instanceof MigrateError && error.code === 'command.missing') return undefined;
    throw error;
  }
}

/** UUIDs as tools print them differ in case alone. */
export function sameUuid(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

/** By number first: the name in the mount table may belong to another disk since it was mounted. */
async function blockDevice(host: Host, mount: Mount): Promise<string | undefined> {
  const event = await host.files.read(`/sys/dev/block/${mount.device}/uevent`);
  const name = event?.match(/^DEVNAME=(.+)$/m)?.[1];
  if (name !== undefined) return `/dev/${name}`;
  // btrfs shows a number that is no disk's.
  return mount.source.startsWith('/dev/') ? mount.source : undefined;
}

function askDisk(host: Host, device: string): Promise<string | undefined> {
  return ask(host, ['blkid', '-p', '-s', 'UUID', '-o', 'value', device]);
}

/** For an ordinary user, who may not read a disk. */
async function askUdev(host: Host, device: string): Promise<string | undefined> {
  const folder = '/dev/disk/by-uuid';
  const wanted = await host.files.realPath(device);
  for (const uuid of (await host.files.list(folder)) ?? []) {
    if (wanted !== undefined && (await host.files.realPath(`${folder}/${uuid}`)) === wanted) return uuid;
  }
  return undefined;
}
