import { MigrateError } from '../../errors.ts';
import { mountOf, type Host } from '../../runbook/index.ts';
import { withChildren, type BlockDevice } from './lsblk.ts';
import { signaturesOn, type Signature } from './signatures.ts';

/** Something that must not be on a disk that is written. */
export interface KeptPath {
  readonly path: string;
  /** Such as `the backup`. */
  readonly what: string;
}

/** All that speaks against writing a disk, as found. */
export interface DiskFacts {
  readonly readOnly: boolean;
  /** Devices of it, with what is on each. */
  readonly devices: readonly DeviceFacts[];
  /** What was asked to be kept, and lies on it. */
  readonly kept: readonly (KeptPath & { readonly device: string })[];
}

export interface DeviceFacts {
  readonly path: string;
  readonly type: string;
  readonly mountPoints: readonly string[];
  readonly swap: boolean;
  /** Names of what the kernel has built upon it: RAID, LVM, crypt, multipath. */
  readonly holders: readonly string[];
  /** By name, what lists it as a part of its own: `/proc/mdstat`, `zpool status`. */
  readonly listedBy: readonly string[];
  readonly signatures: readonly Signature[];
}

/**
 * Looks at a disk and everything on it, and changes nothing.
 * @throws StepError `disk.unreadable`
 */
export async function lookAtDisk(
  host: Host,
  disk: BlockDevice,
  keep: readonly KeptPath[],
): Promise<DiskFacts> {
  const devices = withChildren(disk);
  const mounts = await host.mounts();
  const swaps = await swapsInUse(host);
  const mdstat = (await host.files.read('/proc/mdstat')) ?? '';
  const pools = await poolsInUse(host);
  const facts: DeviceFacts[] = [];
  for (const device of devices) {
    const names = new Set([device.path, (await host.files.realPath(device.path)) ?? device.path]);
    const points = mounts.filter(({ device: number }) => number === device.device).map(({ point }) => point);
    const seen = device.mountPoints.filter((point) => point !== '[SWAP]');
    facts.push({
      path: device.path,
      type: device.type,
      mountPoints: [...new Set([...points, ...seen])],
      swap: device.mountPoints.includes('[SWAP]') || swaps.some((path) => names.has(path)),
      holders: (await host.files.list(`/sys/class/block/${device.name}/holders`)) ?? [],
      listedBy: [
        ...(new RegExp(String.raw`\b${device.name}\[`).test(mdstat) ? ['/proc/mdstat'] : []),
        ...([...names].some((name) => pools.has(name)) ? ['zpool status'] : []),
      ],
      signatures: await signaturesOn(host, device.path),
    });
  }
  const kept = [];
  for (const one of keep) {
    const mount = mountOf(mounts, (await host.files.realPath(one.path)) ?? one.path);
    // btrfs and the like show a number of their own; their source is the device.
    const device = devices.find(
      ({ device: number, path }) => number === mount?.device || path === mount?.source,
    );
    if (device !== undefined) kept.push({ ...one, device: device.path });
  }
  return { readOnly: disk.readOnly, devices: facts, kept };
}

async function swapsInUse(host: Host): Promise<readonly string[]> {
  const [, ...lines] = ((await host.files.read('/proc/swaps')) ?? '').split('\n');
  return lines.map((line) => line.split(/\s/)[0] ?? '').filter((path) => path !== '');
}

/** Devices that imported pools name; empty where there is no ZFS. */
async function poolsInUse(host: Host): Promise<ReadonlySet<string>> {
  try {
    const { stdout } = await host.exec({ argv: ['zpool', 'status', '-P'] }, { anyExit: true });
    const paths = stdout.match(/\/dev\/\S+/g) ?? [];
    const real = await Promise.all(paths.map(async (path) => (await host.files.realPath(path)) ?? path));
    return new Set([...paths, ...real]);
  } catch (thrown) {
    if (thrown instanceof MigrateError && thrown.code === 'command.missing') return new Set();
    throw thrown;
  }
}
