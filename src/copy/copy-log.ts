import { z } from 'zod';
import type { BytePath } from './byte-path.ts';
import { folderIdentity } from './manifest.ts';

/** The first line: whose copy it is, of what and to where. */
export const copyLogHeader = z.object({
  copylog: z.literal(1),
  /** Whoever makes the copy; nobody else's content is ever taken for its own. */
  owner: z.string(),
  source: folderIdentity,
  target: folderIdentity,
});
export type CopyLogHeader = Omit<z.infer<typeof copyLogHeader>, 'copylog'>;

/** A file that was read while it was copied. */
export interface CopiedFile {
  readonly path: BytePath;
  readonly hash: string;
  /** Of the source, as it was before it was read. */
  readonly inode: bigint;
  readonly ctimeNs: bigint;
  readonly size: number;
}

export const copiedLine = z.object({
  path: z.string().optional(),
  pathHex: z.string().optional(),
  hash: z.string().regex(/^[0-9a-f]{32}$/),
  inode: z.string().regex(/^\d+$/),
  ctimeNs: z.string().regex(/^-?\d+$/),
  size: z.number(),
});

/** Written while rsync runs, after the target's file system was synced: its disk holds the first so many files of this pass. */
export const flushMark = z.object({ flushed: z.int().nonnegative() });

/** Written after the target's file system was synced: what stands before it is on the target's disk. */
export const passEnd = z.object({
  passEnded: z.enum(['warm', 'final']),
  transferredFiles: z.number(),
  transferredBytes: z.number(),
});
export type PassEnd = z.infer<typeof passEnd>;

/** Where the log of a manifest's copy lies. */
export function copyLogFile(manifest: string): string {
  return `${manifest}.copylog`;
}
