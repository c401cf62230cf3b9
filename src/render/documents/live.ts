import { z } from 'zod';

/**
 * What `run`, `resume` and `rollback` print, one a line, before their result. The events themselves are
 * those of the journal; docs/journal.md describes them.
 */
export const liveDocument = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('journaled'),
    event: z.looseObject({ v: z.int(), seq: z.int(), at: z.string(), type: z.string() }),
  }),
  z.object({
    type: z.literal('progress'),
    step: z.string(),
    progress: z.object({
      doing: z.string(),
      doneBytes: z.number().optional(),
      totalBytes: z.number().optional(),
      doneFiles: z.number().optional(),
      totalFiles: z.number().optional(),
      rate: z.number().optional().describe('bytes a second'),
      etaMs: z.number().optional(),
      verifiedMs: z.number().optional().describe('until what is copied is verified too'),
    }),
  }),
  z.object({
    type: z.literal('line').describe('a line that a command printed; with --verbose only'),
    step: z.string(),
    text: z.string(),
    stream: z.enum(['stdout', 'stderr', 'note']),
  }),
  z.object({
    type: z.literal('countdown'),
    step: z.string(),
    countedMs: z.number(),
    minMs: z.number(),
    opensAt: z.string().optional().describe('the earliest'),
    why: z.string().optional(),
    readings: z
      .record(z.string(), z.union([z.boolean(), z.string()]))
      .optional()
      .describe('what each probe said at the latest look: true, false, or what is wrong'),
    counters: z.record(z.string(), z.string()).optional().describe('what must not change between two looks'),
    nextLookAt: z.string().optional().describe('while this process goes on looking'),
    notCounted: z
      .array(z.object({ until: z.string(), ms: z.number(), why: z.string() }))
      .optional()
      .describe('the latest'),
  }),
  z.object({
    type: z.literal('deadline').describe('a step that is undone unless somebody confirms it'),
    step: z.string(),
    leftMs: z.number(),
    command: z.string().describe('what somebody types to confirm'),
  }),
  z.object({
    type: z.literal('notice').describe('a warning, or that a signal was heard'),
    text: z.string(),
  }),
]);
