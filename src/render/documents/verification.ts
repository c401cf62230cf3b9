import { z } from 'zod';

export const verificationDocument = z.object({
  type: z.literal('verification'),
  target: z.string(),
  manifest: z.object({ file: z.string(), sha256: z.string(), completedAt: z.string() }),
  copiedTo: z.boolean().describe('whether this is the very folder that the copy was made to'),
  entries: z.int().describe('paths compared'),
  files: z.int().describe('files in the manifest'),
  filesRead: z.int().describe('files whose content was read; names of one inode count once'),
  bytesRead: z.int(),
  sample: z
    .object({ share: z.number(), seed: z.string() })
    .nullable()
    .describe('of whose files alone the content was read; null: of all'),
  cache: z.enum(['bypassed', 'may be cached']).describe('whether every byte came from the disk'),
  differences: z.int(),
  kinds: z.record(z.string(), z.int()).describe('how many of each kind'),
  first: z
    .array(
      z.object({
        kind: z.string(),
        path: z.string(),
        expected: z.string().optional(),
        found: z.string().optional(),
      }),
    )
    .describe('the first of them'),
  exitCode: z.int(),
  tookMs: z.number(),
});
export type VerificationDocument = z.infer<typeof verificationDocument>;
