import { z } from 'zod';
import { noticeKinds } from '../runbook/notice.ts';
import { recordedEvidence, recordedFinding } from './evidence.ts';
import { bootIdentity as boot, commandSchema, recordedUndo } from './recorded-undo.ts';

/** Raised when a reader of the previous version could no longer make sense of a line. */
export const journalVersion = 1;

const json: z.ZodType = z.unknown();
const clocks = z.object({ wall: z.number(), boottime: z.number(), monotonic: z.number() });
const processIdentity = z.object({ pid: z.number().int(), startTime: z.string(), bootId: z.string() });
const failure = z.object({ code: z.string(), message: z.string(), hint: z.string().optional() });
const claim = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('path'),
    path: z.string(),
    role: z.enum(['source', 'target', 'shadowed', 'replaced']),
  }),
  z.object({ kind: z.literal('unit'), unit: z.string() }),
  z.object({ kind: z.literal('dataset'), dataset: z.string() }),
]);

/** A step as it was when the run began; enough to show and to roll back a run whose runbook is gone. */
export const recordedNode = z.object({
  id: z.string(),
  kind: z.enum(['step', 'check', 'confirm', 'manual', 'reboot', 'soak']),
  title: z.string(),
  phase: z.string().optional(),
  needs: z.array(z.string()),
  reversal: z.enum(['undo', 'irreversible', 'readonly']),
  irreversible: z.string().optional(),
  effective: z.enum(['now', 'at-boot']),
  /** Of everything that decides what a done step means; see plan/fingerprint.ts. */
  fingerprint: z.string(),
  /** The same by aspect, for a difference that says what has changed; see plan/parts.ts. */
  parts: z.record(z.string(), z.string()).optional(),
});

/** Where a runbook was loaded from, and the copy that the run keeps, by path with its SHA-256. */
const source = z.object({ file: z.string(), files: z.record(z.string(), z.string()) });

const step = { step: z.string() };
const attempt = { ...step, attempt: z.number().int().positive() };

const bodies = [
  z.object({
    type: z.literal('run.started'),
    run: z.string(),
    runbook: z.string(),
    summary: z.string(),
    host: z.string(),
    params: json,
    nodes: z.array(recordedNode),
    fingerprint: z.string(),
    source,
    tools: z.record(z.string(), z.string()),
    claims: z.array(claim),
    boot,
    /** Mount points on which the runbook and the claimed paths lay; after a boot they are waited for. */
    mounts: z.array(z.string()).optional(),
    /** Raised by `state move`; a closed generation refuses to go on. */
    generation: z.number().int().positive(),
  }),
  z.object({
    type: z.literal('run.resumed'),
    process: processIdentity,
    boot,
    clocks,
    /** Nobody typed it: the unit that goes on after a boot, or the timer that samples a soak. */
    unattended: z.enum(['boot', 'timer']).optional(),
    /** Programs of the runbook whose version is another than the run last knew. */
    tools: z.record(z.string(), z.string()).optional(),
  }),
  /** The machine booted this often without the run getting on, so nothing goes on by itself any more. */
  z.object({ type: z.literal('run.stalled'), boots: z.number().int().positive() }),
  /** A child of an earlier attempt still lived, and was ended or waited for before anything began. */
  z.object({
    type: z.literal('orphan.ended'),
    process: processIdentity,
    argv: z.array(z.string()),
    how: z.enum(['ended', 'waited']),
  }),
  /** Somebody who is not at the terminal was told, or could not be. */
  z.object({
    type: z.literal('operator.notified'),
    about: z.string(),
    /** Which of the occasions it was, and the step that it is about. */
    kind: z.enum(noticeKinds).optional(),
    step: z.string().optional(),
    /** Its id, by which who is told knows a repeat. */
    notice: z.string().optional(),
    /** The program that was to tell them. */
    by: z.string().optional(),
    exitCode: z.number().nullable(),
    error: z.string().optional(),
    /** It was not sent, and a later process of any run tries again. */
    kept: z.literal(true).optional(),
  }),
  z.object({ type: z.literal('run.interrupted'), by: z.string() }),
  z.object({ type: z.literal('run.completed'), failed: z.array(z.string()).min(1).optional() }),
  z.object({ type: z.literal('run.aborted'), why: z.string(), remains: z.array(z.string()) }),
  z.object({
    type: z.literal('run.changed'),
    nodes: z.array(recordedNode),
    fingerprint: z.string(),
    changes: z.array(z.string()),
    /** Of the edited runbook; its copy lies beside the first. */
    source: source.optional(),
    /** The last part of the name of that copy's folder; the fingerprint where it is missing. */
    kept: z.string().optional(),
  }),
  /** The state was copied to another folder, and this copy is closed. */
  z.object({ type: z.literal('run.moved'), to: z.string() }),
  /** A copy goes on as the next generation. */
  z.object({ type: z.literal('run.opened'), generation: z.number().int().positive(), from: z.string() }),
  z.object({ type: z.literal('journal.repaired'), cutBytes: z.number().int() }),

  z.object({
    type: z.literal('step.started'),
    ...attempt,
    /** What the probe said before; absent when there is none. */
    probe: z.string().optional(),
    captured: json.optional(),
    /** The commands, where they are data; else what the code will do. */
    commands: z.array(commandSchema).optional(),
    describe: z.array(z.string()).optional(),
    undo: recordedUndo,
    boot,
    clocks,
    /** Milliseconds from `clocks` within which the operator must confirm that they can still reach the machine. */
    confirmWithin: z.number().positive().optional(),
  }),
  /** `elsewhere`: by another process, which shows more than the terminal that was open all along. */
  z.object({ type: z.literal('step.confirmed'), ...step, from: z.enum(['terminal', 'elsewhere']) }),
  /** Nobody confirmed, in time or at all, so the step is undone. */
  z.object({ type: z.literal('step.expired'), ...step, why: z.string() }),
  /** What a step itself made durable half-way, such as a rename before a deletion. */
  z.object({ type: z.literal('step.noted'), ...attempt, note: z.string(), data: json.optional() }),
  z.object({
    type: z.literal('step.tried'),
    ...attempt,
    try: z.number().int().positive(),
    error: failure,
    nextInMs: z.number(),
  }),
  z.object({
    type: z.literal('step.completed'),
    ...step,
    attempt: z.number().int().nonnegative(),
    output: json.optional(),
    by: z.enum(['act', 'probe', 'person']),
    why: z.string().optional(),
    verified: z.boolean(),
    /** When the result was proven; absent when the step has no verification. */
    clocks: clocks.optional(),
    /** Of a check, whose finding is its output: what it ran. */
    evidence: recordedEvidence.optional(),
    /** Of a check that says PARTIAL: why that is known. */
    knownLimitation: z.string().optional(),
  }),
  /** Nothing was done, so there is nothing to undo. */
  z.object({
    type: z.literal('step.skipped'),
    ...step,
    why: z.enum(['when', 'already-done', 'failed-need']),
    output: json.optional(),
  }),
  z.object({
    type: z.literal('step.failed'),
    ...attempt,
    error: failure,
    /** The runbook goes back when this step fails, so a process that finds it like this does. */
    goesBack: z.literal(true).optional(),
    /** Of a check that says FAIL, with what it ran, and why that is known. One that threw has found nothing. */
    finding: recordedFinding.optional(),
    evidence: recordedEvidence.optional(),
    knownLimitation: z.string().optional(),
  }),
  z.object({ type: z.literal('step.interrupted'), ...attempt, by: z.string() }),
  /** What became of a start without an end, and who said so. */
  z.object({
    type: z.literal('step.settled'),
    ...step,
    as: z.enum(['done', 'not-started', 'partial', 'undone']),
    by: z.enum(['probe', 'person', 'idempotent']),
    why: z.string(),
  }),
  /** A proof was renewed; a step that only reads, or a check, ran again, and gave its output anew. */
  z.object({
    type: z.literal('step.verified'),
    ...step,
    clocks,
    output: json.optional(),
    evidence: recordedEvidence.optional(),
    knownLimitation: z.string().optional(),
  }),

  z.object({
    type: z.literal('command.started'),
    ...attempt,
    number: z.number().int(),
    argv: z.array(z.string()),
    process: processIdentity.optional(),
    undoing: z.boolean(),
  }),
  z.object({
    type: z.literal('command.ended'),
    ...attempt,
    number: z.number().int(),
    exitCode: z.number().nullable(),
    signal: z.string().optional(),
    ms: z.number(),
  }),

  z.object({
    type: z.literal('gate.entered'),
    ...step,
    kind: z.enum(['confirm', 'manual', 'reboot', 'soak']),
    says: z.string(),
    sampler: z.enum(['timer', 'wait', 'resume']).optional(),
    min: z.number().optional(),
    max: z.number().optional(),
    maxGap: z.number().optional(),
    boot,
    clocks,
  }),
  z.object({
    type: z.literal('gate.sampled'),
    ...step,
    healthy: z.boolean(),
    readings: z.record(z.string(), z.union([z.boolean(), z.string()])),
    /** Of cumulative probes, by name: what grows with every trouble, also while nobody looked. */
    counters: z.record(z.string(), z.string()).optional(),
    /** Those of the counters that a boot does not begin anew. */
    lasting: z.array(z.string()).optional(),
    /** Who looked. */
    sampler: z.enum(['timer', 'wait', 'resume']).optional(),
    /** A second look, moments after one that found it unhealthy. */
    confirms: z.literal(true).optional(),
    boot,
    clocks,
  }),
  /** A probe failed; only a person's `resume` goes on soaking. */
  z.object({
    type: z.literal('soak.stopped'),
    ...step,
    unhealthy: z.array(z.string()),
    goesBack: z.literal(true).optional(),
  }),
  /** Whoever was asked at the terminal goes on soaking. */
  z.object({ type: z.literal('soak.continued'), ...step }),
  z.object({
    type: z.literal('gate.opened'),
    ...step,
    by: z.enum(['person', 'yes', 'probe', 'boot', 'time']),
    input: json.optional(),
    boot,
    clocks,
  }),
  z.object({ type: z.literal('irreversible.accepted'), ...step, by: z.enum(['phrase', 'flag']) }),

  /** `reboot`: the running system lives on what is undone, so a boot must come in between. */
  z.object({
    type: z.literal('rollback.started'),
    to: z.string().optional(),
    steps: z.array(z.string()),
    reboot: z.boolean(),
    /** A mended runbook whose code undoes them, in place of the one with which each began. */
    code: source.optional(),
  }),
  /** What becomes of that which was written to the new side since the cut-over. */
  z.object({
    type: z.literal('later-writes.decided'),
    ...step,
    decision: z.enum(['carry-back', 'drop']),
    by: z.enum(['flag', 'person', 'parameter']),
  }),
  /** Somebody said to go back although something that this step's undo consumes is not as it should be. */
  z.object({ type: z.literal('undo.needs-waived'), ...step, missing: z.array(z.string()).min(1) }),
  z.object({ type: z.literal('undo.started'), ...step, undo: recordedUndo, boot }),
  z.object({
    type: z.literal('undo.completed'),
    ...step,
    by: z.enum(['act', 'probe', 'person', 'script', 'nothing-to-undo']),
    why: z.string().optional(),
  }),
  z.object({ type: z.literal('undo.failed'), ...step, error: failure }),
  z.object({ type: z.literal('undo.interrupted'), ...step, by: z.string() }),
  z.object({ type: z.literal('rollback.reboot-entered'), boot, says: z.string() }),
  z.object({ type: z.literal('rollback.reboot-passed'), boot }),
  z.object({ type: z.literal('rollback.completed'), to: z.string().optional() }),
] as const;

/** What happened, without its place in the journal. */
export const eventBody = z.discriminatedUnion('type', bodies);
export type EventBody = z.infer<typeof eventBody>;

const place = z.object({
  v: z.literal(journalVersion),
  seq: z.number().int().positive(),
  /** Wall clock, ISO 8601, UTC; for people only, no decision reads it. */
  at: z.string(),
});

/** One line of the journal, without its checksum. */
export const journalEvent = z.intersection(place, eventBody);
export type JournalEvent = z.infer<typeof journalEvent>;

export type { RecordedEvidence, RecordedFinding } from './evidence.ts';
export type RecordedNode = z.infer<typeof recordedNode>;
export type RecordedUndo = z.infer<typeof recordedUndo>;
export type Failure = z.infer<typeof failure>;
export type ProcessIdentity = z.infer<typeof processIdentity>;
export type EventOf<Type extends EventBody['type']> = Extract<EventBody, { type: Type }>;
