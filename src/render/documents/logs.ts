import { z } from 'zod';

export const logsDocument = z.object({
  type: z.literal('logs'),
  run: z.string(),
  attempts: z
    .array(
      z.object({
        step: z.string(),
        attempt: z.int(),
        undoing: z.boolean(),
        startedAt: z.string(),
        ended: z
          .enum(['done', 'failed', 'interrupted', 'undone', 'undo-failed'])
          .nullable()
          .describe('null: it runs, or nobody knows how it ended'),
        error: z.string().optional(),
        commands: z.array(
          z.object({
            number: z.int(),
            argv: z.array(z.string()),
            startedAt: z.string(),
            exitCode: z
              .int()
              .nullable()
              .optional()
              .describe('null: ended by a signal; absent: no end is known'),
            signal: z.string().optional(),
            ms: z.number().optional(),
          }),
        ),
        output: z.array(
          z.object({
            at: z.string().optional(),
            stream: z.enum(['stdout', 'stderr', 'note']),
            text: z.string(),
          }),
        ),
      }),
    )
    .describe('in the order of their starts'),
});
export type LogsDocument = z.infer<typeof logsDocument>;
