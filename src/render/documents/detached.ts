import { z } from 'zod';

export const detachedDocument = z.object({
  type: z.literal('detached'),
  run: z.string(),
  unit: z.string().describe('the transient unit of systemd that goes on with it'),
  attach: z.string().describe('the command that shows it'),
});
