import { z } from 'zod';

export const planDocument = z.object({
  type: z.literal('plan'),
  runbook: z.string(),
  summary: z.string(),
  run: z.string().nullable().describe('the unfinished run that it continues'),
  params: z.unknown(),
  steps: z.array(
    z.object({
      id: z.string(),
      title: z.string(),
      phase: z.string().optional(),
      kind: z.enum(['step', 'check', 'confirm', 'manual', 'reboot', 'soak']),
      standing: z
        .enum(['to-do', 'satisfied', 'done', 'skipped', 'in-doubt', 'partial', 'unknown'])
        .describe('`satisfied`: the world is so already; `done`: this run did it'),
      does: z.array(z.string()).describe('commands or words; a name in ‹› is known at run time only'),
      undo: z.array(z.string()),
      irreversible: z.boolean(),
      preview: z
        .object({ summary: z.string(), facts: z.record(z.string(), z.unknown()) })
        .optional()
        .describe('what a read-only dry run found'),
      problem: z.string().optional().describe('why something of this could not be found out'),
    }),
  ),
  pointOfNoReturn: z.object({ step: z.string(), why: z.string() }).nullable(),
});
export type PlanDocument = z.infer<typeof planDocument>;
