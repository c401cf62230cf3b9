import { z } from 'zod';

const counts = {
  cases: z.int(),
  survived: z.int(),
  held: z.int().describe('only a person can tell how far the step came, so nothing was done'),
  unreached: z.int().describe('the place was not passed this time, so nothing is shown'),
  failed: z.int(),
};

export const crashCoverageDocument = z.object({
  type: z.literal('crash-coverage'),
  runbook: z.string(),
  seed: z.int(),
  exitCode: z.int().describe('of `migrate rehearse` itself'),
  ...counts,
  known: z.int().describe('cases that there are, tried or not'),
  points: z.array(
    z.object({
      point: z.string(),
      ...counts,
      settled: z
        .object({ none: z.int(), probe: z.int(), idempotent: z.int(), person: z.int() })
        .describe('by what the doubt about the killed step was settled'),
    }),
  ),
  failures: z.array(
    z.object({
      case: z.string(),
      why: z.string(),
      differences: z.array(z.string()).describe("from the uninterrupted run's world"),
      again: z.string().describe('the command that repeats it alone'),
    }),
  ),
  noise: z.int().describe('in how much two uninterrupted runs differ; it is not compared'),
  disks: z.enum(['loop', 'folders']),
  tookMs: z.number(),
});
export type CrashCoverageDocument = z.infer<typeof crashCoverageDocument>;
