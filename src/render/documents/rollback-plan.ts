import { z } from 'zod';
import { wayBackLook } from './way-back.ts';

const undo = z.object({
  id: z.string(),
  title: z.string(),
  undo: z.string().describe('commands or words, as they were recorded before the act'),
});

export const rollbackPlanDocument = z.object({
  type: z.literal('rollback-plan'),
  run: z.string(),
  to: z.string().nullable().describe('the step that stays done'),
  irreversible: z.array(undo).describe('done and not to be undone: with any of these the rollback refuses'),
  beforeReboot: z.array(undo),
  reboot: z.boolean().describe('a reboot comes between the two lists'),
  afterReboot: z.array(undo),
  ...wayBackLook.shape,
  lastResorts: z
    .array(z.string())
    .describe('what can be brought back by hand where no undo can, as the runbook knows it'),
});
export type RollbackPlanDocument = z.infer<typeof rollbackPlanDocument>;
