import { z } from 'zod';

export const stateDocument = z.object({
  type: z.literal('state'),
  folder: z.string().describe('the state folder'),
  moved: z.array(z.string()).optional().describe('runs that `state move` moved there'),
});
