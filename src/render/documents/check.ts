import { z } from 'zod';
import { commandRun } from './command-run.ts';
import { verdict, verdictRow } from './verdicts.ts';

const check = verdictRow.extend({
  verdict: verdict.nullable().describe('null when it does not apply, by its `when`'),
  expect: z.string(),
  observed: z.string().nullable(),
  evidence: z
    .record(z.string(), z.unknown())
    .optional()
    .describe('figures and names, as the check gave them'),
  commands: z.array(commandRun).optional().describe('what it ran, with what that answered'),
  tookMs: z.int(),
});
export type CheckRow = z.infer<typeof check>;

export const checkDocument = z.object({
  type: z.literal('check'),
  runbook: z.string(),
  summary: z.string(),
  run: z
    .string()
    .nullable()
    .describe('the run whose parameters and outputs were used; null when there is none'),
  host: z.string(),
  at: z.string().describe('when it began; ISO 8601, UTC'),
  params: z.unknown(),
  verdict: verdict.describe('the worst of all; exit code 0, 7, 1 or 8'),
  checks: z.array(check),
});
export type CheckDocument = z.infer<typeof checkDocument>;
