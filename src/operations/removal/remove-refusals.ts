import { posix } from 'node:path';
import {
  filesInUse,
  identify,
  sameFolder,
  showPath,
  type Manifest,
  type RemovalPlan,
} from '../../copy/index.ts';
import { StepError } from '../../errors.ts';
import { mountAt, mountOf, type Host } from '../../runbook/index.ts';
import { bindSource } from '../mounts/bind-source.ts';
import { overlap } from '../copy/copy-input.ts';
import { fileSystemUuid, sameUuid } from '../mounts/file-system-uuid.ts';
import type { RemoveInput } from './remove-input.ts';
import { requireCopy } from '../copy/verify-tree.ts';

/** The folder that holds a tree. */
export interface ParentFolder {
  /** Without symlinks. */
  readonly path: string;
  readonly device: string;
  readonly inode: string;
}

/**
 * Refuses when the way to the tree leads elsewhere by now, as when somebody put a symlink into it.
 *
 * @throws StepError `remove.other-path`
 */
export async function refuseOtherPath(host: Host, path: string, parent: ParentFolder): Promise<void> {
  const folder = posix.dirname(path);
  const real = await host.files.realPath(folder);
  const stat = real === undefined ? undefined : await host.files.stat(real);
  // The device may have another number since a boot.
  if (real === parent.path && stat?.inode === parent.inode) return;
  throw new StepError(
    'remove.other-path',
    real === undefined
      ? `${folder} is not there any more`
      : `${folder} is another folder than when this step began: it leads to ${real} (inode ${stat?.inode}), and led to ${parent.path} (inode ${parent.inode})`,
    'Put back what was there, such as the mount or the folder that a symlink replaced, and resume.',
  );
}

/**
 * Refuses anything but the very tree that was captured.
 *
 * @param at where it is now: its path, or where it was moved aside to
 * @throws StepError `remove.missing`, `remove.other-tree`
 */
export async function refuseOtherTree(host: Host, at: string, { identity }: RemoveInput): Promise<void> {
  const stat = await host.files.stat(at);
  if (stat === undefined) {
    throw new StepError(
      'remove.missing',
      `there is nothing at ${at}`,
      'A mount that gives access to the old tree is lost at a reboot: go back to the step before it (migrate rollback RUN --to STEP), and resume.',
    );
  }
  if (stat.kind !== 'folder')
    throw new StepError('remove.other-tree', `${at} is a ${stat.kind}, not the folder that was captured`);
  const uuid = identity.uuid === undefined ? undefined : await uuidOf(host, at);
  // Device numbers may change at a boot; a UUID stays.
  const sameDevice =
    identity.uuid === undefined ? stat.device === identity.device : sameUuid(uuid ?? '', identity.uuid);
  if (sameDevice && stat.inode === identity.inode) return;
  const [is, was] =
    identity.uuid === undefined
      ? [`device ${stat.device} inode ${stat.inode}`, `device ${identity.device} inode ${identity.inode}`]
      : [
          `file system ${uuid ?? 'unknown'} inode ${stat.inode}`,
          `file system ${identity.uuid} inode ${identity.inode}`,
        ];
  throw new StepError(
    'remove.other-tree',
    `${at} is not the tree that was captured: it is ${is}, and ${was} is expected`,
    'See findmnt for what is mounted there. When only the device number changed at a boot, capture the UUID too.',
  );
}

/** @throws StepError `remove.mount-point`, `remove.other-file-system` */
export async function refuseMounts(host: Host, path: string, plan: RemovalPlan): Promise<void> {
  const mounts = await host.mounts();
  const real = (await host.files.realPath(path)) ?? path;
  const there = mountAt(mounts, real);
  const within = mounts.filter(({ point }) => point.startsWith(`${real}/`));
  if (there !== undefined || within.length > 0) {
    const points = [...(there === undefined ? [] : [there]), ...within].map(({ point }) => point);
    throw new StepError(
      'remove.mount-point',
      `mounts lie in the way: ${[...new Set(points)].join(', ')}`,
      'What is mounted there is not the old tree. Reach the old one beneath by a non-recursive bind mount of its file system.',
    );
  }
  if (plan.otherFileSystems.length === 0) return;
  throw new StepError(
    'remove.other-file-system',
    `${path} holds folders of other file systems: ${plan.otherFileSystems.map(showPath).join(', ')}`,
    'Look at what they are; a subvolume is removed by its own tool.',
  );
}

/**
 * Refuses when the tree is the new copy, holds it or lies in it, under whatever paths mounts show them,
 * and when the manifest is of another copy.
 *
 * @throws StepError `remove.is-new-copy`, `remove.other-manifest`, `verify.other-tree`
 */
export async function refuseNewCopy(
  host: Host,
  at: string,
  { path, newCopy, identity }: RemoveInput,
  manifest: Manifest,
  plan: RemovalPlan,
): Promise<void> {
  const [old, copy] = [identify(at), identify(newCopy)];
  const [oldSource, copySource] = await Promise.all([bindSource(host, at), bindSource(host, newCopy)]);
  const same =
    old !== undefined && copy !== undefined && (sameFolder(old, copy) || holds(plan, old.device, copy));
  const overlaps =
    oldSource !== undefined &&
    copySource !== undefined &&
    oldSource.device === copySource.device &&
    overlap(oldSource.root, copySource.root);
  if (same || overlaps) {
    throw new StepError(
      'remove.is-new-copy',
      `${path} is the new copy that ${newCopy} shows, or one lies in the other`,
      'Nothing is removed. See findmnt for what is mounted where.',
    );
  }
  requireCopy(manifest, newCopy);
  if (manifest.header.source.inode === identity.inode) return;
  throw new StepError(
    'remove.other-manifest',
    `${manifest.summary.file} is the manifest of a copy of another tree: inode ${manifest.header.source.inode}, and ${identity.inode} is to be removed`,
    'Give the manifest that was written when this very tree was copied.',
  );
}

function holds(plan: RemovalPlan, device: string, folder: { device: string; inode: string }): boolean {
  return device === folder.device && plan.inodes.has(BigInt(folder.inode));
}

/** @throws StepError `remove.keep-missing`, `remove.keep-outside` */
export function refuseBadKeep({ path, keep = [] }: RemoveInput, plan: RemovalPlan): void {
  const outside = keep.filter((one) => !one.startsWith(`${path}/`));
  if (outside.length > 0) {
    throw new StepError(
      'remove.keep-outside',
      `paths to keep that do not lie in ${path}: ${outside.slice(0, 5).join(', ')}`,
    );
  }
  if (plan.missing.length === 0) return;
  throw new StepError(
    'remove.keep-missing',
    `of what is to be kept, this is not there: ${plan.missing
      .slice(0, 5)
      .map((one) => posix.join(path, showPath(one)))
      .join(', ')}`,
    'The next boot may need it: copy it there first, or correct what is to be kept.',
  );
}

/**
 * Refuses files that processes use. As an ordinary user one sees one's own processes only.
 *
 * @returns how many processes could not be looked into
 * @throws StepError `remove.in-use`
 */
export function refuseOpenFiles(path: string, plan: RemovalPlan): number {
  const { users, unseen } = filesInUse(
    plan.device,
    (device, inode) => device === plan.device && plan.inodes.has(inode),
  );
  if (users.length === 0) return unseen;
  const shown = users.slice(0, 5).map(({ pid, name, how }) => `${name} (pid ${pid}) ${how}`);
  const more = users.length > shown.length ? `, and ${users.length - shown.length} more` : '';
  throw new StepError(
    'remove.in-use',
    `processes use what is to be removed from ${path}: ${shown.join(', ')}${more}`,
    'End or restart them, or restart the machine: whatever was started before the mount runs from the old tree.',
  );
}

async function uuidOf(host: Host, path: string): Promise<string | undefined> {
  const real = (await host.files.realPath(path)) ?? path;
  const mount = mountOf(await host.mounts(), real);
  return mount === undefined ? undefined : fileSystemUuid(host, mount);
}
