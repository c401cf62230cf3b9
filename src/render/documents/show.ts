import { z } from 'zod';

const knownLimitation = z
  .string()
  .optional()
  .describe('of a check: why a FAIL or PARTIAL of it is known and lived with');

export const showDocument = z.object({
  type: z.literal('show'),
  id: z.string(),
  summary: z.string(),
  file: z.string(),
  root: z.boolean().describe('it needs root'),
  tools: z.array(z.string()).describe('programs that must be there'),
  params: z.array(
    z.object({
      key: z.string(),
      type: z.string().describe('what is allowed, in words'),
      required: z.boolean(),
      default: z.unknown().optional(),
      description: z.string().optional(),
      secret: z.boolean().describe('give a reference, never the value'),
    }),
  ),
  steps: z
    .array(
      z.object({
        id: z.string(),
        title: z.string(),
        phase: z.string().optional(),
        kind: z.enum(['step', 'check', 'confirm', 'manual', 'reboot', 'soak']),
        needs: z.array(z.string()),
        does: z.array(z.string()).describe('commands or words; a name in ‹› is known at run time only'),
        reversal: z.enum(['undo', 'irreversible', 'readonly']),
        undo: z.array(z.string()).describe('how it is undone, or why it cannot be'),
        effective: z.enum(['now', 'at-boot']),
        conditional: z.boolean().describe('it is skipped when the runbook says so'),
        onFailure: z.enum(['stop', 'continue', 'rollback']),
        knownLimitation,
      }),
    )
    .describe('in page order'),
  pointOfNoReturn: z
    .object({ step: z.string(), why: z.string() })
    .nullable()
    .describe('the first step that cannot be undone'),
  health: z
    .array(
      z.object({
        id: z.string(),
        title: z.string(),
        phase: z.string().optional(),
        expect: z.string(),
        knownLimitation,
      }),
    )
    .describe('what `migrate check` asks of what it has made, at any time; no run does'),
  rehearsal: z.boolean(),
});
export type ShowDocument = z.infer<typeof showDocument>;
