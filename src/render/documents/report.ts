import { z } from 'zod';
import { commandRun } from './command-run.ts';
import { verdict, verdictRow } from './verdicts.ts';

const at = z.string().describe('ISO 8601, UTC');

/** A stretch of time in which a step was at work, waited, or was undone. */
const span = z.object({
  doing: z.enum(['work', 'wait', 'undo']),
  from: at,
  to: at.describe('of one that has not ended, the last event of the run'),
  ended: z.enum(['well', 'failed', 'interrupted', 'never']).describe('never: cut off, or still under way'),
});
export type Span = z.infer<typeof span>;

const step = z.object({
  id: z.string(),
  title: z.string(),
  kind: z.enum(['step', 'check', 'confirm', 'manual', 'reboot', 'soak']),
  outcome: z.enum(['done', 'skipped', 'undone', 'failed', 'in-doubt', 'waiting', 'not-begun', 'undo-failed']),
  attempts: z.int(),
  workedMs: z.number().describe('of all attempts and undos, by the wall clock'),
  waitedMs: z.number().describe('at its gate'),
  planned: z
    .object({ leastMs: z.number(), mostMs: z.number().optional() })
    .optional()
    .describe('of a soak how long it had to be; of a check whose evidence holds planned hours, those'),
  bytes: z.number().optional().describe('that it copied, backed up or removed'),
  note: z.string().optional().describe('how it was settled or why it was skipped'),
  error: z.string().optional(),
  irreversible: z.string().optional().describe('what it gave up for good'),
  commands: z.int().describe('that it ran'),
  spans: z.array(span),
});
export type ReportStep = z.infer<typeof step>;

const chart = z.object({
  title: z.string(),
  unit: z.string(),
  bars: z.array(
    z.object({
      label: z.string(),
      value: z.number(),
      low: z.number().optional(),
      high: z.number().optional(),
    }),
  ),
});
export type Chart = z.infer<typeof chart>;

const check = verdictRow.extend({
  expect: z.string().nullable().describe('null while it was not asked'),
  at: at.nullable().describe('when it answered'),
  evidence: z
    .record(z.string(), z.unknown())
    .optional()
    .describe('figures and names, as the check gave them'),
  commands: z.array(commandRun).describe('what it ran; empty in journals of a version that kept none'),
  omitted: z.int().optional().describe('so many earlier commands are left out'),
  chart: chart.optional(),
});
export type ReportCheck = z.infer<typeof check>;

const gate = z.object({
  step: z.string(),
  title: z.string(),
  kind: z.enum(['confirm', 'manual', 'reboot', 'soak']),
  says: z.string(),
  enteredAt: at,
  openedAt: at.nullable(),
  openedBy: z.enum(['person', 'yes', 'probe', 'boot', 'time']).nullable(),
  input: z.unknown().optional().describe('what the person gave'),
  looks: z.int().optional().describe('of a soak'),
  unhealthy: z.int().optional().describe('looks that found it unhealthy'),
});
export type ReportGate = z.infer<typeof gate>;

const risk = z.object({
  known: z.boolean().describe('a limitation that the runbook names'),
  about: z.string().nullable().describe('a step'),
  text: z.string(),
});
export type Risk = z.infer<typeof risk>;

const copy = z.object({
  step: z.string(),
  what: z.string().describe('such as copied, backed up, verified'),
  bytes: z.number().optional(),
  files: z.number().optional(),
  manifest: z.string().optional().describe('its file'),
  sha256: z.string().optional().describe('of the manifest'),
  snapshot: z.string().optional(),
});
export type ReportCopy = z.infer<typeof copy>;

const pace = z.object({
  step: z.string(),
  attempt: z.int(),
  doing: z.string(),
  tookMs: z.number(),
  bytes: z.number(),
  meanRate: z.number().describe('bytes a second'),
  peakRate: z.number(),
  rates: z
    .array(z.object({ fromMs: z.number(), toMs: z.number(), rate: z.number() }))
    .describe('milliseconds since its beginning'),
});
export type Pace = z.infer<typeof pace>;

export const reportDocument = z.object({
  type: z.literal('report'),
  run: z.string(),
  runbook: z.string(),
  summary: z.string(),
  host: z.string(),
  madeAt: at,
  startedAt: at,
  lastAt: at.describe('of the last event'),
  status: z
    .enum(['running', 'completed', 'ended', 'rolling-back', 'rolled-back', 'aborted', 'moved'])
    .describe('ended: every step is done, and checks said FAIL'),
  result: z.string().describe('in a sentence'),
  tookMs: z.number().describe('from the first event to the last'),
  workedMs: z.number().describe('in which any step was at work or being undone'),
  params: z.record(z.string(), z.string()).describe('a secret is its reference'),
  claims: z.array(z.string()),
  tools: z.record(z.string(), z.string()).describe('versions'),
  source: z.object({ file: z.string(), sha256: z.record(z.string(), z.string()) }),
  phases: z.array(z.object({ title: z.string().nullable(), workedMs: z.number(), steps: z.array(step) })),
  verdict: verdict.optional().describe('the worst of the checks that were asked'),
  checks: z.array(check),
  risks: z.array(risk),
  gates: z.array(gate),
  consents: z.array(z.object({ step: z.string(), at, by: z.enum(['phrase', 'flag']), lost: z.string() })),
  copies: z.array(copy),
  paces: z.array(pace),
  history: z.array(z.object({ at, text: z.string() })).describe('what was out of the ordinary, in its order'),
  commands: z
    .array(z.object({ argv: z.array(z.string()), times: z.int() }))
    .describe('every command that a check ran, once'),
});
export type ReportDocument = z.infer<typeof reportDocument>;
