import { z } from 'zod';

/** What the program of `migrate config set notify` reads on standard input. */
export const notificationDocument = z.object({
  type: z.literal('notification'),
  kind: z.enum(['soak-stopped', 'waiting', 'stalled', 'failed', 'completed']),
  about: z.string().describe('what has happened'),
  hint: z.string().optional().describe('the way on'),
  step: z.string().optional(),
  run: z.string(),
  runbook: z.string(),
  host: z.string(),
  folder: z.string().describe("the run's folder"),
  unattended: z.enum(['boot', 'timer']).optional().describe('the unit that went on by itself'),
  at: z.string(),
});
export type NotificationDocument = z.infer<typeof notificationDocument>;
