import { z } from 'zod';

export const rehearsalDocument = z.object({
  type: z.literal('rehearsal'),
  runbook: z.string(),
  outcome: z.enum(['done', 'failed', 'stopped']).describe('`stopped`: it waits for what no rehearsal can do'),
  why: z.string(),
  exitCode: z.int().describe('of `migrate rehearse` itself'),
  disks: z.enum(['loop', 'folders']).describe('real file systems, or folders where the kernel gives none'),
  nix: z.enum(['real', 'fake', 'none']),
  calls: z.int().describe('how often migrate was called in the world'),
  crashes: z.int(),
  reboots: z.int(),
  tookMs: z.number(),
  kept: z.string().nullable().describe("the world's folder, with --keep"),
});
export type RehearsalDocument = z.infer<typeof rehearsalDocument>;
