import { z } from 'zod';

const verdict = z.enum(['PASS', 'PARTIAL', 'FAIL', 'BLOCKED']);
export type CheckVerdict = z.infer<typeof verdict>;

const check = z.object({
  id: z.string(),
  title: z.string(),
  phase: z.string().optional(),
  verdict: verdict.nullable().describe('null when it does not apply, by its `when`'),
  expect: z.string(),
  observed: z.string().nullable(),
  evidence: z.record(z.string(), z.unknown()).optional(),
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

/** From bad to good: what failed is certain, what is blocked may be as bad. */
const worstFirst = ['FAIL', 'BLOCKED', 'PARTIAL', 'PASS'] as const satisfies readonly CheckVerdict[];

/** The worst of several verdicts; BLOCKED when there is none, since nothing was found out. */
export function worstVerdict(verdicts: readonly CheckVerdict[]): CheckVerdict {
  return worstFirst.find((each) => verdicts.includes(each)) ?? 'BLOCKED';
}
