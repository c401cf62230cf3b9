import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, statSync } from 'node:fs';
import { StepError } from '../errors.ts';
import { syncFolder } from './durable.ts';
import { deviceNumber } from './entry.ts';
import type { FolderIdentity } from './manifest.ts';

/** What a path leads to, symlinks followed; `undefined` when there is no folder. */
export function identify(path: string): FolderIdentity | undefined {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (stat?.isDirectory() !== true) return undefined;
  return { path, device: deviceNumber(stat.dev), inode: String(stat.ino) };
}

export function sameFolder(
  one: Pick<FolderIdentity, 'device' | 'inode' | 'host'>,
  other: Pick<FolderIdentity, 'device' | 'inode' | 'host'>,
): boolean {
  return one.device === other.device && one.inode === other.inode && one.host === other.host;
}

/**
 * Whether a folder is the one that a copy was made to. Where the copy's disk is not mounted, its path may show the
 * old tree. Device numbers may change at a boot, inodes do not.
 */
export function isCopy(
  { source, target }: { readonly source: FolderIdentity; readonly target: FolderIdentity },
  now: FolderIdentity,
): boolean {
  return now.inode === target.inode && !(sameFolder(now, source) && source.device !== target.device);
}

/** How an empty folder looked, so that it can be left like that again. */
export interface FolderLook {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Nanoseconds since 1970, as text. */
  readonly mtimeNs: string;
}

export function lookOf(folder: string): FolderLook {
  const stat = statSync(folder, { bigint: true });
  return {
    mode: Number(stat.mode & 0o7777n),
    uid: Number(stat.uid),
    gid: Number(stat.gid),
    mtimeNs: String(stat.mtimeNs),
  };
}

/** Gives a folder its former mode, owner and time. */
export function restoreLook(folder: string, look: FolderLook): void {
  chownSync(folder, look.uid, look.gid);
  chmodSync(folder, look.mode);
  const ns = BigInt(look.mtimeNs);
  const seconds = ns / 1_000_000_000n - (ns % 1_000_000_000n < 0n ? 1n : 0n);
  // Node's own call takes a floating-point number, which holds no nanoseconds.
  const time = `@${seconds}.${String(ns - seconds * 1_000_000_000n).padStart(9, '0')}`;
  const { status, stderr } = spawnSync('touch', ['-d', time, '--', folder]);
  if (status !== 0)
    throw new StepError(
      'copy.cannot-restore-folder',
      `cannot set the time of ${folder}: ${stderr.toString().trim()}`,
    );
  syncFolder(folder);
}
