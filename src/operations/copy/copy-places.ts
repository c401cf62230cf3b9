import { posix } from 'node:path';
import { StepError } from '../../errors.ts';
import { identify, sameFolder, type FolderIdentity } from '../../copy/index.ts';
import { mountOf, type Host } from '../../runbook/index.ts';
import type { Side, Sides } from './copy-sides.ts';
import { requireFarTools } from './copy-tools.ts';
import { overlap, type ExpectedMount } from './copy-input.ts';
import { requireMounted } from '../mounts/require-mount.ts';
import { refuseForeignMounts } from '../mounts/source-mounts.ts';

interface Places {
  readonly from: string;
  readonly to: string;
  readonly exclude?: readonly string[] | undefined;
  readonly expectMount?: ExpectedMount | undefined;
}

// They keep no owners, modes or links, whatever their drivers pretend.
const cannotHold = ['vfat', 'exfat', 'msdos', 'ntfs', 'ntfs3', 'fuseblk', '9p', 'drvfs', 'hfsplus'];
const compressing = ['btrfs', 'zfs', 'bcachefs', 'squashfs', 'erofs'];

/**
 * Proves that a copy can be made between two places at all, and changes nothing.
 *
 * @returns the source's identity, and whether it may take more room on another file system
 * @throws StepError `copy.no-folder`, `copy.overlap`, `copy.mount-inside`, `copy.target-cannot-hold`,
 *   `mount.absent`, `mount.wrong-disk`, `mount.no-uuid`
 */
export async function checkPlaces(
  sides: Sides,
  { exclude, expectMount }: Omit<Places, 'from' | 'to'>,
): Promise<{ source: FolderIdentity; compressed: boolean }> {
  const { from, to } = sides;
  for (const side of [from, to]) await requireFarTools(side);
  if (expectMount !== undefined) await requireMounted(to.host, expectMount);
  const source = await from.identify();
  if (source === undefined) throw new StepError('copy.no-folder', `there is no folder ${from.place} to copy`);
  const target = await to.identify();
  const realFrom = (await from.host.files.realPath(from.path)) ?? from.path;
  const realTo = await futurePath(to.host, to.path);
  if (
    (await areOnOneMachine(sides)) &&
    (overlap(realFrom, realTo) ||
      (target !== undefined && sameFolder(source, { ...target, host: source.host })))
  ) {
    throw new StepError(
      'copy.overlap',
      `${from.place} and ${to.place} are the same folder, or one lies in the other`,
      'When a mount already shows the copy at the place of the source, there is nothing left to copy.',
    );
  }
  await refuseForeignMounts(from.host, from.path, exclude);
  const type = mountOf(await to.host.mounts(), realTo)?.type ?? '';
  if (cannotHold.includes(type)) {
    throw new StepError(
      'copy.target-cannot-hold',
      `${to.place} lies on ${type}, which keeps no owners, modes and links`,
      'Use a file system of Linux: ext4, xfs, btrfs or ZFS.',
    );
  }
  const sourceType = mountOf(await from.host.mounts(), realFrom)?.type ?? '';
  return { source, compressed: compressing.includes(sourceType) };
}

/** Also over ssh one may come back to where one is. */
async function areOnOneMachine({ from, to }: Sides): Promise<boolean> {
  if (from.far === undefined && to.far === undefined) return true;
  const [one, other] = await Promise.all([machineOf(from.host), machineOf(to.host)]);
  return one === other;
}

async function machineOf(host: Host): Promise<string> {
  const namespace = await host.files.readLink('/proc/self/ns/mnt');
  return `${(await host.boot()).bootId} ${namespace}`;
}

/** A path with the symlinks resolved of as much of it as exists. */
export async function futurePath(host: Host, path: string): Promise<string> {
  const real = await host.files.realPath(path);
  if (real !== undefined || path === '/') return real ?? path;
  return posix.join(await futurePath(host, posix.dirname(path)), posix.basename(path));
}

/**
 * Makes the target's folders on the right disk. When the disk went just then, they lie beneath its mount
 * point, and are removed again.
 */
export async function makeTarget(
  host: Host,
  { to, expectMount }: Pick<Places, 'to' | 'expectMount'>,
  identifyThere: Side['identify'] = (path = to) => Promise.resolve(identify(path)),
): Promise<FolderIdentity> {
  const mounted = async () => {
    if (expectMount !== undefined) await requireMounted(host, expectMount);
  };
  await mounted();
  const created = await host.files.makeFolder(to);
  try {
    await mounted();
  } catch (error) {
    for (const folder of created.toReversed()) await host.files.remove(folder);
    throw error;
  }
  const target = await identifyThere(to);
  if (target === undefined) throw new StepError('copy.no-folder', `${to} is no folder`);
  return target;
}

/** For each write: the right disk, and on it the very folder that the copy began with. */
export function targetGuard(
  host: Host,
  expectMount: ExpectedMount | undefined,
  target: FolderIdentity,
  identifyThere: Side['identify'] = (path = target.path) => Promise.resolve(identify(path)),
): () => Promise<void> {
  return async () => {
    if (expectMount !== undefined) await requireMounted(host, expectMount);
    const now = await identifyThere(target.path);
    if (now !== undefined && sameFolder(now, target)) return;
    throw new StepError(
      'copy.target-vanished',
      `${target.path} is no longer the folder that the copy began with: ${
        now === undefined
          ? 'nothing is there'
          : 'another one is there, as after an unmount or a mount over it'
      }`,
      'Mount the target again as it was, and run the step again: what is copied stays copied.',
    );
  };
}
