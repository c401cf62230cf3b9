import { existsSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { StepError } from '../errors.ts';
import type { Totals } from './inventory.ts';

/** What an ordinary user may still use of a file system; root may use more, and should not. */
export interface Capacity {
  readonly bytes: number;
  /** `undefined` where inodes are made as they are needed. */
  readonly inodes: number | undefined;
}

/** Of the file system on which a path lies, or will lie once it is made. */
export function capacityAt(path: string): Capacity {
  let existing = path;
  while (!existsSync(existing)) existing = dirname(existing);
  const { bavail, bsize, files, ffree } = statfsSync(existing);
  return { bytes: bavail * bsize, inodes: files === 0 ? undefined : ffree };
}

// ext2 to ext4, xfs, tmpfs, vfat, exfat; from linux/magic.h.
const storesAsGiven = new Set([0xef53, 0x58465342, 0x01021994, 0x4d44, 0x2011bab0]);

/** Whether the file system of an existing path may store what it is given in less room, as ZFS and btrfs do. */
export function mayCompress(path: string): boolean {
  return !storesAsGiven.has(statfsSync(path).type);
}

export interface Need {
  readonly bytes: number;
  readonly inodes: number;
}

/** @param compressed the source's file system stores less than programs see, and the target may not */
export function needOf(totals: Totals, compressed: boolean): Need {
  return {
    bytes: compressed ? Math.max(totals.bytes, totals.allocated) : totals.allocated,
    inodes: totals.inodes,
  };
}

// Extents, folders and journals take their part; measured below half of this.
const overhead = 1.01;

/** Why it does not fit, with the numbers; `undefined` when it does. */
export function shortage(need: Need, free: Capacity): string | undefined {
  const bytes = Math.ceil(need.bytes * overhead);
  if (bytes > free.bytes) {
    return `${formatBytes(bytes)} are needed, and ordinary users may use ${formatBytes(free.bytes)} there`;
  }
  if (free.inodes !== undefined && need.inodes > free.inodes) {
    return `${need.inodes} inodes are needed, and ${free.inodes} are free there`;
  }
  return undefined;
}

/** @param lacks what `shortage` says */
export function doesNotFit(from: string, to: string, lacks: string): StepError {
  return new StepError(
    'copy.does-not-fit',
    `${from} does not fit on the file system of ${to}: ${lacks}`,
    'Nothing was copied. Make room there, or use a larger disk. What is reserved for root (5 % on ext4) is not counted as free.',
  );
}

/** Such as `46.2 GB (46212345678 bytes)`. */
export function formatBytes(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB', 'PB'];
  const power = Math.min(units.length - 1, bytes < 1 ? 0 : Math.floor(Math.log10(bytes) / 3));
  return power === 0
    ? `${bytes} bytes`
    : `${(bytes / 1_000 ** power).toFixed(1)} ${units[power]} (${bytes} bytes)`;
}
