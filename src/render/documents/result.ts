import { z } from 'zod';
import { verdict, verdictRow } from './verdicts.ts';
import { wayBack } from './way-back.ts';

/** The last line of `run`, `resume` and `rollback`; the only one of `confirm`, `settle` and `abort`. */
export const resultDocument = z.object({
  type: z.literal('result'),
  run: z.string(),
  status: z.enum([
    'completed',
    'ended',
    'reached',
    'waiting',
    'failed',
    'interrupted',
    'rolled-back',
    'rollback-incomplete',
    'opened',
    'settled',
    'aborted',
  ]),
  exitCode: z.int(),
  step: z.string().optional().describe('the step that decided it'),
  message: z.string(),
  hint: z.string().optional(),
  done: z.array(z.string()).describe('steps that this call brought to their end, or undid'),
  tookMs: z.number(),
  remains: z.array(z.string()).optional().describe('what an aborted run leaves on the machine'),
  wayBack,
  verdict: verdict.optional().describe('the worst of the checks that were asked'),
  checks: z.array(verdictRow).optional().describe('every check of the runbook, when it has any'),
});
export type ResultDocument = z.infer<typeof resultDocument>;
