import { StateError } from '../errors.ts';
import type { EventOf, JournalEvent, RecordedNode } from './event.ts';
import { applyToStep, goOnSoaking } from './fold-step.ts';
import { foldUnattended, neverUnattended } from './fold-unattended.ts';
import { stepState, type RunState } from './state.ts';

/**
 * The state that a journal tells.
 * @throws StateError `journal.empty` when it does not begin with the start of a run
 */
export function fold(events: readonly JournalEvent[]): RunState {
  const [first] = events;
  if (first?.type !== 'run.started') {
    throw new StateError('journal.empty', 'the journal does not begin with the start of a run');
  }
  const state = begin(first, first.seq, first.at);
  for (const event of events.slice(1)) apply(state, event);
  return state;
}

function begin(event: EventOf<'run.started'>, seq: number, at: string): RunState {
  const { run, runbook, summary, host, params, source, tools, claims, nodes, fingerprint, generation } =
    event;
  return {
    ...{ run, runbook, summary, host, params, source, tools, claims, nodes, fingerprint, generation },
    startedAt: at,
    mounts: event.mounts ?? [],
    status: 'running',
    statusWhenMoved: undefined,
    movedTo: undefined,
    removed: [],
    steps: new Map(),
    rollback: undefined,
    lastProcess: undefined,
    unattended: neverUnattended,
    lastTold: undefined,
    toldSeq: 0,
    lastSeq: seq,
    lastAt: at,
  };
}

/**
 * Brings a state forward by the next event of its journal.
 * @throws StateError `journal.twice` for a second start of the run
 */
export function apply(state: RunState, event: JournalEvent): void {
  state.lastSeq = event.seq;
  state.lastAt = event.at;
  state.unattended = foldUnattended(state.unattended, event);
  switch (event.type) {
    case 'run.started':
      throw new StateError('journal.twice', `a second start of a run at sequence number ${event.seq}`);
    case 'run.resumed':
      state.lastProcess = event.process;
      if (event.tools !== undefined) state.tools = { ...state.tools, ...event.tools };
      if (event.unattended !== undefined) return;
      state.lastTold = undefined;
      state.toldSeq = event.seq;
      for (const step of state.steps.values()) goOnSoaking(step);
      return;
    case 'operator.notified':
      if (event.kind === 'message' || (event.exitCode !== 0 && event.kept !== true)) return;
      state.lastTold = event.about;
      state.toldSeq = event.seq;
      return;
    case 'run.completed':
      state.status = event.failed === undefined ? 'completed' : 'ended';
      return;
    case 'run.aborted':
      state.status = 'aborted';
      return;
    case 'run.changed':
      applyChange(state, event);
      return;
    case 'run.moved':
      // The copy that goes on begins a new generation; the one left behind is closed.
      state.statusWhenMoved = state.status;
      state.status = 'moved';
      state.movedTo = event.to;
      return;
    case 'run.opened':
      if (state.status === 'moved') state.status = state.statusWhenMoved ?? 'running';
      state.statusWhenMoved = undefined;
      state.movedTo = undefined;
      state.generation = event.generation;
      return;
    case 'run.interrupted':
    case 'run.stalled':
    case 'orphan.ended':
    case 'journal.repaired':
    case 'step.noted':
    case 'step.tried':
    case 'command.started':
    case 'command.ended':
      return;
    case 'rollback.started':
      beginRollback(state, event);
      return;
    case 'rollback.reboot-entered':
      if (state.rollback) Object.assign(state.rollback, { reboot: 'waiting', rebootFrom: event.boot });
      return;
    case 'rollback.reboot-passed':
      if (state.rollback) state.rollback.reboot = 'passed';
      return;
    case 'rollback.completed':
      // A partial rollback leaves a run that can go forward again.
      state.status = event.to === undefined ? 'rolled-back' : 'running';
      state.rollback = undefined;
      reopenSkipped(state);
      return;
    case 'gate.entered':
      if (event.kind === 'soak') withdrawConsent(state);
      applyToStep(stepState(state, event.step), event);
      return;
    case 'undo.completed':
      completeUndo(state, event);
      return;
    default:
      applyToStep(stepState(state, event.step), event);
  }
}

/** The new graph, but a step that has begun is taken back as it was recorded when it began. */
function applyChange(state: RunState, event: EventOf<'run.changed'>): void {
  const before = new Map([...state.removed, ...state.nodes].map((node) => [node.id, node]));
  const now = new Set(event.nodes.map(({ id }) => id));
  const begun = ({ id }: RecordedNode) => stepState(state, id).startedSeq !== undefined;
  const removed = state.nodes.filter((node) => !now.has(node.id) && begun(node));
  // A step removed earlier may need one that is removed now, so the earlier one stands behind it.
  state.removed = [...removed, ...state.removed.filter(({ id }) => !now.has(id))];
  state.nodes = event.nodes.map((node) => {
    const old = before.get(node.id);
    if (old === undefined || !begun(node)) return node;
    const { reversal, effective, irreversible } = old;
    const { irreversible: _, ...rest } = node;
    return { ...rest, reversal, effective, ...(irreversible === undefined ? {} : { irreversible }) };
  });
  state.fingerprint = event.fingerprint;
  withdrawConsent(state);
}

function beginRollback(state: RunState, event: EventOf<'rollback.started'>): void {
  const before = state.rollback;
  const waits = event.reboot && before?.reboot === 'waiting';
  // What was said for an earlier rollback, which came to its end, says nothing of this one.
  if (before === undefined) {
    for (const step of state.steps.values())
      Object.assign(step, { needsWaived: false, laterWrites: undefined });
  }
  state.status = 'rolling-back';
  state.rollback = {
    to: event.to,
    steps: event.steps,
    reboot: waits ? 'waiting' : event.reboot ? 'needed' : 'not-needed',
    rebootFrom: waits ? before.rebootFrom : undefined,
    toProve: before?.toProve ?? new Map(),
  };
  withdrawConsent(state);
}

function completeUndo(state: RunState, event: Extract<JournalEvent, { type: 'undo.completed' }>): void {
  const step = stepState(state, event.step);
  const { rollback } = state;
  if (event.by === 'person') rollback?.toProve.delete(event.step);
  else if (isForBoot(state, event) && (rollback?.reboot === 'needed' || rollback?.reboot === 'waiting')) {
    rollback.toProve.set(event.step, { captured: step.intent?.captured });
  }
  applyToStep(step, event);
  if (rollback === undefined) reopenSkipped(state);
}

/** Whether an undo shows itself after the next boot only: the script undoes others after the boot, too. */
function isForBoot(
  state: RunState,
  { by, step }: Extract<JournalEvent, { type: 'undo.completed' }>,
): boolean {
  if (by === 'act') return true;
  return (
    by === 'script' &&
    [...state.nodes, ...state.removed].find(({ id }) => id === step)?.effective === 'at-boot'
  );
}

/** Nobody agrees in advance: consent given before a soak, an undo or an edit does not reach beyond it. */
function withdrawConsent(state: RunState): void {
  for (const step of state.steps.values()) step.accepted = false;
}

/** What was skipped on the strength of a step that is undone by now has to be looked at again. */
function reopenSkipped(state: RunState): void {
  const reopened = new Set<string>();
  for (const node of state.nodes) {
    const step = stepState(state, node.id);
    const affected = node.needs.some((need) => reopened.has(need));
    if (step.undone) reopened.add(node.id);
    if (step.status !== 'skipped' || !affected) continue;
    reopened.add(node.id);
    step.status = 'pending';
    step.skipped = undefined;
    step.output = undefined;
  }
}
