import { z } from 'zod';

export const manifestVersion = 1;

export const folderIdentity = z.strictObject({
  path: z.string(),
  /** `major:minor` */
  device: z.string(),
  inode: z.string(),
  /** Of another machine, as ssh names it. */
  host: z.string().optional(),
});

/** A folder by what it is, not by its path, which a mount may cover. */
export type FolderIdentity = z.infer<typeof folderIdentity>;

/** The first line. */
export const manifestHeader = z.strictObject({
  manifest: z.literal(manifestVersion),
  source: folderIdentity,
  target: folderIdentity,
  /** ISO 8601, UTC. */
  completedAt: z.string(),
  /** Such as `rsync 3.5.0`. */
  engine: z.string(),
  algorithm: z.literal('xxh128'),
  /** Paths that the copy leaves out. */
  excluded: z.array(z.string()),
});
export type ManifestHeader = z.infer<typeof manifestHeader>;

/** The last line; without it the file is not whole. */
export const manifestTrailer = z.strictObject({
  entries: z.number().int(),
  files: z.number().int(),
  /** Of each inode once. */
  bytes: z.number().int(),
  /** Of all lines before this one. */
  sha256: z.string(),
});
export type ManifestTrailer = z.infer<typeof manifestTrailer>;

/** What names a manifest for good: its file and the digest of its content. */
export interface ManifestSummary extends ManifestTrailer {
  readonly file: string;
}
