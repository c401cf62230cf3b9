import { z } from 'zod';

export const newDocument = z.object({
  type: z.literal('new'),
  id: z.string(),
  files: z.array(z.string()).describe('what was written: the runbook, and its test').readonly(),
});
export type NewDocument = z.infer<typeof newDocument>;
