import { posix } from 'node:path';
import { StepError } from '../../errors.ts';
import { sh, type Host } from '../../runbook/index.ts';
import type { Working } from './time-limit.ts';

/** A tree by what a rename does not change. */
export interface TreeIdentity {
  readonly device: string;
  readonly inode: string;
}

/** Two renames within one folder's file system, by which one tree takes the place of another. */
export interface FolderSwap {
  readonly path: string;
  /** What lies there now; `null` for nothing. */
  readonly live: TreeIdentity | null;
  readonly staged: TreeIdentity & { readonly path: string };
  /** Where what lies there now goes, and stays. */
  readonly aside: string;
}

export type SwapStanding = 'not-started' | 'partial' | 'done' | { readonly unknown: string };

/** Where a swap stands, told by identities alone, whatever was killed in between. */
export async function folderStanding(host: Host, swap: FolderSwap): Promise<SwapStanding> {
  const { path, live, staged, aside } = swap;
  const [at, waits, gone] = [
    await identityAt(host, path),
    await identityAt(host, staged.path),
    await identityAt(host, aside),
  ];
  if (same(at, staged)) return 'done';
  if (!same(waits, staged))
    return { unknown: `what was restored is neither at ${staged.path} nor at ${path}` };
  if (live === null ? at === undefined : same(at, live)) return 'not-started';
  if (at === undefined && live !== null && same(gone, live)) return 'partial';
  return { unknown: `${path} is not what was there when the restore began` };
}

/** @throws StepError `restore.changed` */
export async function swapFolder({ host, exec, note }: Working, swap: FolderSwap): Promise<void> {
  const standing = await folderStanding(host, swap);
  if (standing === 'done') return;
  if (typeof standing === 'object') throw changed(standing.unknown);
  if (standing === 'not-started' && swap.live !== null) {
    await note('moves what is there aside', { path: swap.path, aside: swap.aside });
    await host.files.rename(swap.path, swap.aside);
  }
  await note('puts what was restored in its place', { from: swap.staged.path, to: swap.path });
  await host.files.rename(swap.staged.path, swap.path);
  await exec(sh`sync -f ${posix.dirname(swap.path)}`);
}

/** Puts what was there back, and keeps what was restored, with whatever was written to it since. */
export async function swapFolderBack(
  { host, exec }: Working,
  swap: FolderSwap,
  undone: string,
): Promise<void> {
  const { path, live, staged, aside } = swap;
  if (same(await identityAt(host, path), staged)) await host.files.rename(path, undone);
  if (live !== null && same(await identityAt(host, aside), live)) await host.files.rename(aside, path);
  await exec(sh`sync -f ${posix.dirname(path)}`);
}

export async function identityAt(host: Host, path: string): Promise<TreeIdentity | undefined> {
  const stat = await host.files.stat(path);
  return stat && { device: stat.device, inode: stat.inode };
}

/** By the inode and not the device, whose number may be another one after a boot. */
function same(one: TreeIdentity | undefined, other: TreeIdentity): boolean {
  return one?.inode === other.inode;
}

export function changed(why: string): StepError {
  return new StepError(
    'restore.changed',
    `nothing was swapped: ${why}`,
    'Look at both; what was there before is never deleted.',
  );
}
