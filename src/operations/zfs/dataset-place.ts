import { posix } from 'node:path';
import { StepError } from '../../errors.ts';
import { mountAt, type ActContext, type Host } from '../../runbook/index.ts';
import { zfsFailed } from './zfs.ts';

/** A folder over which a dataset is mounted, as it is without it. */
export interface PlaceBefore {
  /** Parts of the path that do not exist, the outermost first. */
  readonly missing: readonly string[];
  readonly mode: number | undefined;
  readonly uid: number | undefined;
  readonly gid: number | undefined;
}

/**
 * Looks whether a dataset may be mounted somewhere. ZFS on Linux mounts over a folder that holds data
 * without a word.
 *
 * @throws StepError `zfs.occupied` for another mount, `zfs.shadows` for data, `zfs.no-folder`,
 *   `zfs.mountpoint-taken` for another dataset that will be mounted there
 */
export async function freePlace(host: Host, dataset: string, mountPoint: string): Promise<PlaceBefore> {
  const real = (await host.files.realPath(mountPoint)) ?? mountPoint;
  if (real !== mountPoint) {
    throw new StepError(
      'zfs.no-folder',
      `${mountPoint} leads through a symlink to ${real}`,
      `Give the path itself as the mount point: ${real}`,
    );
  }
  const there = mountAt(await host.mounts(), mountPoint);
  if (there !== undefined && there.source !== dataset) {
    throw new StepError(
      'zfs.occupied',
      `at ${mountPoint} there is already a mount, of ${there.source} (${there.type}); ${dataset} would cover it`,
      `Choose another mount point, or unmount that first: umount ${mountPoint}`,
    );
  }
  await refuseSecondOwner(host, dataset, mountPoint);
  if (there !== undefined) return { missing: [], mode: undefined, uid: undefined, gid: undefined };
  const stat = await host.files.stat(mountPoint);
  if (stat !== undefined && stat.kind !== 'folder') {
    throw new StepError(
      'zfs.no-folder',
      `${mountPoint} is no folder`,
      'Move it away, or choose another mount point.',
    );
  }
  const held = (await host.files.list(mountPoint)) ?? [];
  if (held.length > 0) {
    throw new StepError(
      'zfs.shadows',
      `${mountPoint} holds data (${some(held)}), which a dataset mounted there would hide`,
      `Move it away first, such as to ${mountPoint}.before, or choose another mount point.`,
    );
  }
  return { missing: await missingParts(host, mountPoint), mode: stat?.mode, uid: stat?.uid, gid: stat?.gid };
}

/** @throws StepError `zfs.mountpoint-taken` */
async function refuseSecondOwner(host: Host, dataset: string, mountPoint: string): Promise<void> {
  const command = { argv: ['zfs', 'list', '-H', '-o', 'name,canmount,mountpoint'] } as const;
  const result = await host.exec(command, { anyExit: true });
  if (result.exitCode !== 0 && !/no datasets available/i.test(result.stderr))
    throw zfsFailed(command, result);
  const other = result.stdout
    .split('\n')
    .map((line) => line.split('\t'))
    .find(([name, canmount, point]) => name !== dataset && canmount === 'on' && point === mountPoint)?.[0];
  if (other === undefined) return;
  throw new StepError(
    'zfs.mountpoint-taken',
    `${other} has the mountpoint ${mountPoint} too: one of the two would hide the other`,
    `Take that one away from there: zfs set canmount=off '${other}', or choose another mount point.`,
  );
}

async function missingParts(host: Host, path: string): Promise<readonly string[]> {
  const missing: string[] = [];
  for (let at = path; at !== '/' && (await host.files.stat(at)) === undefined; at = posix.dirname(at))
    missing.unshift(at);
  return missing;
}

/** Makes the place as it was before a dataset was mounted there; what holds something stays. */
export async function restorePlace(
  { host, exec }: Pick<ActContext, 'host' | 'exec'>,
  mountPoint: string,
  before: PlaceBefore,
): Promise<void> {
  if (before.missing.length === 0) {
    // ZFS removes an empty folder beneath a dataset that it destroys.
    if (before.mode === undefined || (await host.files.stat(mountPoint)) !== undefined) return;
    await host.files.makeFolder(mountPoint, { mode: before.mode });
    await exec({ argv: ['chown', `${before.uid}:${before.gid}`, '--', mountPoint] });
    return;
  }
  for (const path of before.missing.toReversed()) {
    const held = await host.files.list(path);
    if (held === undefined) continue;
    if (held.length > 0 || mountAt(await host.mounts(), path) !== undefined) return;
    await host.files.remove(path);
  }
}

/** Whether `restorePlace` has something left to do. */
export async function isPlaceChanged(host: Host, mountPoint: string, before: PlaceBefore): Promise<boolean> {
  if (before.missing.length === 0) {
    return before.mode !== undefined && (await host.files.stat(mountPoint)) === undefined;
  }
  for (const path of before.missing.toReversed()) {
    const held = await host.files.list(path);
    if (held !== undefined) return held.length === 0 && mountAt(await host.mounts(), path) === undefined;
  }
  return false;
}

/** The first few of a list, for a message. */
export function some(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(', ');
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown;
}
