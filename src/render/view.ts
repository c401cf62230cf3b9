import type { EventOf, RecordedNode } from '../journal/event.ts';
import type { Progress } from '../runbook/index.ts';

/** What a renderer shows of a run: folded from its events alone, so that a resumed run looks as it is. */
export interface View {
  readonly run: string | undefined;
  readonly runbook: string | undefined;
  readonly host: string | undefined;
  readonly startedAt: string | undefined;
  readonly stage: 'not-started' | 'forward' | 'back' | 'completed' | 'rolled-back' | 'aborted';
  readonly steps: readonly StepView[];
  /** Where each step stands in `steps`, by id. */
  readonly places: ReadonlyMap<string, number>;
  /** A reboot that a rollback waits for, which belongs to no step. */
  readonly rebootAsked: string | undefined;
}

export type StepStatus =
  | 'waiting'
  | 'running'
  | 'retrying'
  | 'at-gate'
  | 'done'
  | 'skipped'
  | 'failed'
  | 'interrupted'
  | 'in-doubt'
  | 'undoing'
  | 'undone'
  | 'undo-failed';

export interface StepView {
  readonly node: RecordedNode;
  readonly status: StepStatus;
  readonly attempt: number;
  /** When the current or last attempt, gate or undo began; ISO 8601. */
  readonly since: string | undefined;
  /** How long the finished one took; `undefined` when that is not known. */
  readonly tookMs: number | undefined;
  readonly command: readonly string[] | undefined;
  readonly describe: readonly string[] | undefined;
  readonly progress: Progress | undefined;
  readonly lastLine: string | undefined;
  readonly gate: Gate | undefined;
  readonly failure: { readonly message: string; readonly hint: string | undefined } | undefined;
  /** Why it was skipped, how it was settled, which try comes when. */
  readonly note: string | undefined;
}

export interface Gate {
  readonly kind: EventOf<'gate.entered'>['kind'];
  readonly says: string;
  readonly countedMs: number | undefined;
  readonly minMs: number | undefined;
  readonly opensAt: string | undefined;
  readonly why: string | undefined;
  /** Of the latest look, by probe. */
  readonly readings?: Readonly<Record<string, boolean | string>> | undefined;
  readonly nextLookAt?: string | undefined;
  readonly notCounted?:
    | readonly { readonly until: string; readonly ms: number; readonly why: string }[]
    | undefined;
}

export const emptyView: View = {
  run: undefined,
  runbook: undefined,
  host: undefined,
  startedAt: undefined,
  stage: 'not-started',
  steps: [],
  places: new Map(),
  rebootAsked: undefined,
};

export function stepOf(view: View, id: string): StepView | undefined {
  return view.steps[view.places.get(id) ?? -1];
}

/** The view with other steps. */
export function withSteps(view: View, steps: readonly StepView[]): View {
  return { ...view, steps, places: new Map(steps.map(({ node }, place) => [node.id, place])) };
}

/** A step that nothing has happened to yet. */
export function untouched(node: RecordedNode): StepView {
  return {
    node,
    status: 'waiting',
    attempt: 0,
    since: undefined,
    tookMs: undefined,
    command: undefined,
    describe: undefined,
    progress: undefined,
    lastLine: undefined,
    gate: undefined,
    failure: undefined,
    note: undefined,
  };
}

/** Whether something of this step is under way, so that it must be in sight. */
export function isActive(step: StepView): boolean {
  return ['running', 'retrying', 'at-gate', 'undoing', 'in-doubt'].includes(step.status);
}

/** Whether nothing more will happen to this step unless a person or a rollback wants it. */
export function isSettled(step: StepView): boolean {
  return ['done', 'skipped', 'undone'].includes(step.status);
}
