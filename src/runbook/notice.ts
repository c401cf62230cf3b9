import { z } from 'zod';

/** How much a notice matters, least first. */
export const priorities = ['low', 'medium', 'high'] as const;
export type Priority = (typeof priorities)[number];

/** What somebody is told of. `message`: by a step, a unit or a person; `test`: to see whether it works. */
export const noticeKinds = [
  'soak-stopped',
  'gate-opened',
  'waiting',
  'stalled',
  'failed',
  'rolled-back',
  'completed',
  'message',
  'test',
] as const;
export type NoticeKind = (typeof noticeKinds)[number];

/** A notice as it is kept, and as programs and webhooks get it. */
export const noticeSchema = z.object({
  type: z.literal('notification'),
  id: z.string().describe('the same for every repeat of one notice'),
  kind: z.enum(noticeKinds),
  priority: z.enum(priorities),
  title: z.string().describe('one line'),
  body: z.string(),
  about: z.string().describe('what has happened'),
  hint: z.string().optional().describe('the way on'),
  template: z.string().optional(),
  fields: z.record(z.string(), z.string()).optional().describe('what the template was filled with'),
  step: z.string().optional(),
  run: z.string().optional(),
  runbook: z.string().optional(),
  host: z.string(),
  folder: z.string().optional().describe("the run's folder"),
  unattended: z.enum(['boot', 'timer']).optional().describe('the unit that went on by itself'),
  at: z.string(),
});
export type NoticeDocument = z.infer<typeof noticeSchema>;

/** What a step, a unit or a person wants somebody to hear. Never a secret: it is kept, and leaves the machine. */
export interface Message {
  readonly title: string;
  readonly body: string;
  readonly priority: Priority;
  readonly template?: string | undefined;
  readonly fields?: Readonly<Record<string, string>> | undefined;
}
