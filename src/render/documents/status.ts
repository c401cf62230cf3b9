import { z } from 'zod';
import { verdict, verdictRow } from './verdicts.ts';
import { wayBack } from './way-back.ts';

export const runStatus = z.object({
  run: z.string(),
  runbook: z.string(),
  summary: z.string(),
  host: z.string(),
  folder: z.string(),
  status: z
    .enum(['running', 'completed', 'ended', 'rolling-back', 'rolled-back', 'aborted', 'moved'])
    .describe('ended: every step is done, and checks said FAIL'),
  atWork: z.int().nullable().describe('the pid of the process that works on it right now'),
  startedAt: z.string(),
  lastAt: z.string().describe('time of the last event'),
  params: z.unknown(),
  steps: z.array(
    z.object({
      id: z.string(),
      title: z.string(),
      phase: z.string().optional(),
      kind: z.enum(['step', 'check', 'confirm', 'manual', 'reboot', 'soak']),
      status: z.enum([
        'pending',
        'started',
        'interrupted',
        'failed',
        'partial',
        'not-started',
        'waiting',
        'done',
        'skipped',
        'undoing',
        'undo-failed',
        'undone',
      ]),
      attempts: z.int(),
      completedAt: z.string().optional(),
      error: z.string().optional(),
      note: z.string().optional(),
      verdict: verdict.optional().describe('of a check'),
    }),
  ),
  gates: z
    .array(
      z.object({
        step: z.string(),
        kind: z.enum(['confirm', 'manual', 'reboot', 'soak']),
        says: z.string(),
        since: z.string(),
        countedMs: z.number().optional().describe('observed healthy time'),
        minMs: z.number().optional(),
        remainingMs: z.number().optional(),
        maxGapMs: z
          .number()
          .optional()
          .describe('two looks further apart do not count, unless counters vouch'),
        opensAt: z.string().optional().describe('the earliest'),
        lookedAt: z.string().optional().describe('the latest look at the health'),
        sampler: z.enum(['timer', 'wait', 'resume']).optional().describe('who took it'),
        readings: z
          .record(z.string(), z.union([z.boolean(), z.string()]))
          .optional()
          .describe('what each probe said then: true, false, or what is wrong'),
        counters: z.record(z.string(), z.string()).optional(),
        looks: z
          .enum(['process', 'timer', 'resume'])
          .optional()
          .describe('who looks next: the process at work, the timer, or only who types resume'),
        stopped: z.array(z.string()).optional().describe('what was unhealthy when the soak stopped'),
        undoneAt: z.string().optional().describe('when the step is taken back unless somebody confirms it'),
        notCounted: z.array(z.string()).optional(),
        unhealthy: z.array(z.string()).optional(),
      }),
    )
    .describe('where it waits'),
  next: z.array(z.string()).describe('commands with which to go on'),
  wayBack,
  checks: z.array(verdictRow).optional().describe('what the checks have said, when the runbook has any'),
});
export type RunStatusDocument = z.infer<typeof runStatus>;

export const statusDocument = z.object({
  type: z.literal('status'),
  runs: z.array(runStatus).describe('the run asked for, or every unfinished one'),
  latest: runStatus
    .pick({ run: true, status: true, lastAt: true })
    .optional()
    .describe('when none was asked for and none is unfinished: the run that was begun last'),
  damaged: z
    .array(
      z.object({
        run: z.string(),
        folder: z.string(),
        code: z.string().describe('such as `journal.damaged`'),
        message: z.string().describe('names the journal and the line'),
      }),
    )
    .describe('runs whose journal cannot be believed; then the exit code is 6'),
  notices: z
    .object({ waiting: z.int(), since: z.string().nullable() })
    .describe('notices that nobody could be told yet, and of when the oldest is'),
});
export type StatusDocument = z.infer<typeof statusDocument>;
