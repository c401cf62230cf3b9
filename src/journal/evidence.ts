import { z } from 'zod';

/** What a check has found, as its author gave it; no secret of the run stands in it. */
export const recordedFinding = z.object({
  verdict: z.enum(['PASS', 'PARTIAL', 'FAIL', 'BLOCKED']),
  observed: z.string(),
  /** Of BLOCKED: what would let it be found out. */
  unblock: z.string().optional(),
  evidence: z.record(z.string(), z.unknown()).optional(),
});

/** A command that a check ran, and what it answered. */
const askedCommand = z.object({
  argv: z.array(z.string()),
  /** `null` when a signal ended it, or when it has not ended. */
  exitCode: z.number().nullable(),
  signal: z.string().optional(),
  ms: z.number(),
  /** The ends of what it printed. */
  stdout: z.string(),
  stderr: z.string(),
  /** Characters that are left out in front of either. */
  cutChars: z.number().int().positive().optional(),
  /** Why it did not run to its end, such as a program that is not there. */
  error: z.string().optional(),
});

/** What the engine itself saw a check run. */
export const recordedEvidence = z.object({
  commands: z.array(askedCommand),
  /** So many earlier commands are left out. */
  omitted: z.number().int().positive().optional(),
});

export type RecordedFinding = z.infer<typeof recordedFinding>;
export type AskedCommand = z.infer<typeof askedCommand>;
export type RecordedEvidence = z.infer<typeof recordedEvidence>;
