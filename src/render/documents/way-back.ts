import { z } from 'zod';

/** What the way back needs, as it was just found. */
export const wayBackLook = z.object({
  needs: z
    .array(
      z.object({
        step: z.string(),
        name: z.string(),
        holds: z.enum(['yes', 'no', 'later']).describe('later: only the reboot of the rollback will tell'),
        why: z.string().optional(),
        advisory: z.boolean().describe('its lack stops no rollback'),
      }),
    )
    .describe('what the undos consume, and whether it is there'),
  laterWrites: z
    .array(
      z.object({
        step: z.string(),
        where: z.string(),
        since: z.string(),
        added: z.int(),
        changed: z.int(),
        deleted: z.int(),
        bytes: z.number(),
        first: z.array(z.string()).describe('the first few paths'),
        carryBack: z.string(),
        drop: z.string(),
        decided: z.enum(['carry-back', 'drop']).optional().describe('by a parameter, or in this rollback'),
      }),
    )
    .describe('written since the cut-over, and lost unless it is carried back'),
});
export type WayBackLook = z.infer<typeof wayBackLook>;

export const wayBack = z.object({
  open: z.boolean().describe('the run can be rolled back whole'),
  until: z.string().nullable().describe('the step that closes the way back, when one is still to come'),
  after: z.array(z.string()).describe('gates that must open before that step may begin'),
  notBefore: z
    .string()
    .nullable()
    .describe('the earliest moment at which it may begin, as far as the soaks under way tell'),
  past: z.string().nullable().describe('the done step that closed it'),
  to: z.array(z.string()).describe('steps that `migrate rollback --to` can go back to, latest first'),
  ...wayBackLook.partial().shape,
});
export type WayBackDocument = z.infer<typeof wayBack>;
