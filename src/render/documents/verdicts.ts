import { z } from 'zod';

export const verdict = z.enum(['PASS', 'PARTIAL', 'FAIL', 'BLOCKED']);

export const verdictRow = z.object({
  id: z.string(),
  title: z.string(),
  phase: z.string().optional(),
  verdict: verdict.nullable().describe('null while it was not asked, or when it does not apply'),
  observed: z.string().nullable().describe('or why it was not asked'),
  unblock: z.string().optional().describe('of BLOCKED: what would let it be found out'),
  knownLimitation: z.string().optional().describe('why a FAIL or PARTIAL is known; it stays what it is'),
});
export type VerdictRow = z.infer<typeof verdictRow>;
