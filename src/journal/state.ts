import type { BootIdentity, Claim, ClockReading } from '../runbook/index.ts';
import type { Unattended } from './fold-unattended.ts';
import type { Failure, ProcessIdentity, RecordedFinding, RecordedNode, RecordedUndo } from './event.ts';

/** `ended`: as `completed`, but for checks that said FAIL, which `run.completed` names in `failed`. */
export type RunStatus =
  | 'running'
  | 'completed'
  | 'ended'
  | 'rolling-back'
  | 'rolled-back'
  | 'aborted'
  | 'moved';

/**
 * Where a step stands by what is on disk:
 * `pending` nothing begun (or undone again) · `started` a start without an end, so in doubt unless this
 * process is at it · `interrupted`, `failed` ended, and its effects are in doubt likewise · `partial`,
 * `not-started` what a doubt was settled as · `waiting` an entered gate · `done` checkpointed ·
 * `skipped` nothing was to be done · `undoing` an undo without an end · `undo-failed`.
 */
export type StepStatus =
  | 'pending'
  | 'started'
  | 'interrupted'
  | 'failed'
  | 'partial'
  | 'not-started'
  | 'waiting'
  | 'done'
  | 'skipped'
  | 'undoing'
  | 'undo-failed';

export interface StepState {
  readonly id: string;
  status: StepStatus;
  attempts: number;
  /** Sequence number of the first start that is not undone; orders a rollback. */
  startedSeq: number | undefined;
  startedBoot: BootIdentity | undefined;
  /** Set from the first start until the step is undone. */
  intent: { readonly captured: unknown; readonly undo: RecordedUndo } | undefined;
  output: unknown;
  completedAt: string | undefined;
  verifiedAt: ClockReading | undefined;
  /** It was undone in this run; a new start clears it. */
  undone: boolean;
  skipped: 'when' | 'already-done' | 'failed-need' | undefined;
  error: Failure | undefined;
  /** Of a check that failed by its own finding. */
  finding: RecordedFinding | undefined;
  /** Of a check: why what it found is known. */
  knownLimitation: string | undefined;
  gate: GateState | undefined;
  accepted: boolean;
  /** Of a step with `confirmWithin`, from its start until it is undone. */
  deadline: Deadline | undefined;
  /** It failed, and the runbook goes back then; until it is run, settled or undone. */
  rollsBack: boolean;
  /** In the rollback under way somebody said to undo it, whatever its undo lacks. */
  needsWaived: boolean;
  /** What somebody decided about writes to the new side, for this step's undo. */
  laterWrites: 'carry-back' | 'drop' | undefined;
}

/** Until when the operator must say that they can still reach the machine. */
export interface Deadline {
  readonly withinMs: number;
  /** When and in which boot it was armed. */
  readonly boot: BootIdentity;
  readonly clocks: ClockReading;
  /** Sequence number of the start that armed it; tells one attempt's deadline from another's. */
  readonly armedSeq: number;
  decided: 'confirmed' | 'expired' | undefined;
}

export interface GateState {
  readonly kind: 'confirm' | 'manual' | 'reboot' | 'soak';
  readonly says: string;
  readonly min: number | undefined;
  readonly max: number | undefined;
  readonly maxGap: number | undefined;
  readonly enteredBoot: BootIdentity;
  readonly enteredAt: string;
  readonly samples: Sample[];
  readonly sampler: Sampler | undefined;
  /** What was unhealthy when the soak stopped; a person's `resume` clears it. */
  stopped: readonly string[] | undefined;
  /** How many of the samples somebody had seen when they went on with a stopped soak. */
  forgiven: number;
  openedSeq: number | undefined;
}

/** Who looks at a soak's health. */
export type Sampler = 'timer' | 'wait' | 'resume';

/** One look at a soak's health. */
export interface Sample {
  readonly healthy: boolean;
  readonly readings: Readonly<Record<string, boolean | string>>;
  /** Of cumulative probes, by name. */
  readonly counters: Readonly<Record<string, string>>;
  /** Those of the counters that a boot does not begin anew. */
  readonly lasting: readonly string[];
  readonly sampler: Sampler | undefined;
  /** A second look, moments after one that found it unhealthy. */
  readonly confirms: boolean;
  readonly boot: BootIdentity;
  readonly clocks: ClockReading;
  readonly at: string;
}

/** Everything known of a run: a pure fold of its journal. */
export interface RunState {
  readonly run: string;
  readonly runbook: string;
  readonly summary: string;
  readonly host: string;
  readonly startedAt: string;
  readonly params: unknown;
  readonly source: { readonly file: string; readonly files: Readonly<Record<string, string>> };
  /** Of each program that the runbook needs, the version that was last seen. */
  tools: Readonly<Record<string, string>>;
  readonly claims: readonly Claim[];
  /** Mount points on which the runbook and the claimed paths lay when the run began. */
  readonly mounts: readonly string[];
  nodes: readonly RecordedNode[];
  /** Begun steps that an accepted edit took out of the runbook; what they did can still be undone. */
  removed: readonly RecordedNode[];
  fingerprint: string;
  generation: number;
  status: RunStatus;
  /** Where it stood when it was moved, and where its next generation goes on. */
  statusWhenMoved: RunStatus | undefined;
  movedTo: string | undefined;
  readonly steps: Map<string, StepState>;
  rollback: RollbackState | undefined;
  lastProcess: ProcessIdentity | undefined;
  unattended: Unattended;
  /** What somebody was told last, until a person resumes: nobody is told the same at every look. */
  lastTold: string | undefined;
  /** When that was, or when a person resumed; part of the next notice's id. */
  toldSeq: number;
  lastSeq: number;
  lastAt: string;
}

/** A rollback under way. */
export interface RollbackState {
  readonly to: string | undefined;
  readonly steps: readonly string[];
  reboot: 'not-needed' | 'needed' | 'waiting' | 'passed';
  /** The boot in which it was asked for. */
  rebootFrom: BootIdentity | undefined;
  /** Undone before the reboot; only after it can one see whether they are. */
  readonly toProve: Map<string, { readonly captured: unknown }>;
}

/** The state of one step; a step that the journal does not know is pending. */
export function stepState(state: RunState, id: string): StepState {
  let step = state.steps.get(id);
  if (step === undefined) {
    step = freshStep(id);
    state.steps.set(id, step);
  }
  return step;
}

function freshStep(id: string): StepState {
  return {
    id,
    status: 'pending',
    attempts: 0,
    startedSeq: undefined,
    startedBoot: undefined,
    intent: undefined,
    output: undefined,
    completedAt: undefined,
    verifiedAt: undefined,
    undone: false,
    skipped: undefined,
    error: undefined,
    finding: undefined,
    knownLimitation: undefined,
    gate: undefined,
    accepted: false,
    deadline: undefined,
    rollsBack: false,
    needsWaived: false,
    laterWrites: undefined,
  };
}

/** Of a run that is over: whether what it did can still be taken back. */
export function mayGoBack({ status }: RunState): boolean {
  return status === 'completed' || status === 'ended';
}

/** Whether nothing more can come of the run. */
export function isOver(state: RunState): boolean {
  return state.status !== 'running' && state.status !== 'rolling-back';
}
