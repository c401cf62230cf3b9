import { z } from 'zod';

export const nothingToDoDocument = z.object({
  type: z.literal('nothing-to-do'),
  runbook: z.string(),
  why: z.string(),
});
