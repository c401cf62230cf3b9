import { StateError } from '../errors.ts';
import type { EventOf, JournalEvent } from './event.ts';
import { stepState, type RunState, type StepState } from './state.ts';

/**
 * The state that a journal tells.
 * @throws StateError `journal.empty` when it does not begin with the start of a run
 */
export function fold(events: readonly JournalEvent[]): RunState {
  const [first, ...rest] = events;
  if (first?.type !== 'run.started') {
    throw new StateError('journal.empty', 'the journal does not begin with the start of a run');
  }
  const state = begin(first, first.seq, first.at);
  for (const event of rest) apply(state, event);
  return state;
}

function begin(event: EventOf<'run.started'>, seq: number, at: string): RunState {
  const { run, runbook, summary, host, params, source, tools, claims, nodes, fingerprint, generation } = event;
  return {
    ...{ run, runbook, summary, host, params, source, tools, claims, nodes, fingerprint, generation },
    startedAt: at,
    status: 'running',
    movedTo: undefined,
    steps: new Map(),
    rollback: undefined,
    lastProcess: undefined,
    lastSeq: seq,
    lastAt: at,
  };
}

/** Brings a state forward by the next event of its journal. */
export function apply(state: RunState, event: JournalEvent): void {
  state.lastSeq = event.seq;
  state.lastAt = event.at;
  switch (event.type) {
    case 'run.started':
      throw new StateError('journal.twice', `a second start of a run at sequence number ${event.seq}`);
    case 'run.resumed':
      state.lastProcess = event.process;
      return;
    case 'run.completed':
      state.status = 'completed';
      return;
    case 'run.aborted':
      state.status = 'aborted';
      return;
    case 'run.changed':
      state.nodes = event.nodes;
      state.fingerprint = event.fingerprint;
      return;
    case 'run.moved':
      // The copy that goes on begins a new generation; the one left behind is closed.
      state.status = 'moved';
      state.movedTo = event.to;
      return;
    case 'run.opened':
      state.status = 'running';
      state.movedTo = undefined;
      state.generation = event.generation;
      if (state.rollback !== undefined) state.status = 'rolling-back';
      return;
    case 'run.interrupted':
    case 'journal.repaired':
    case 'step.tried':
    case 'command.started':
    case 'command.ended':
      return;
    case 'rollback.started':
      state.status = 'rolling-back';
      state.rollback = { to: event.to, steps: event.steps, reboot: event.reboot ? 'needed' : 'not-needed', rebootFrom: undefined };
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
      return;
    default:
      applyToStep(stepState(state, event.step), event);
  }
}

type StepEvent = Extract<JournalEvent, { step: string }>;

function applyToStep(step: StepState, event: Exclude<StepEvent, { type: 'step.tried' | 'command.started' | 'command.ended' }>): void {
  switch (event.type) {
    case 'step.started':
      step.status = 'started';
      step.attempts = event.attempt;
      step.startedSeq ??= event.seq;
      step.startedBoot ??= event.boot;
      step.intent ??= { captured: event.captured, undo: event.undo };
      step.undone = false;
      step.error = undefined;
      return;
    case 'step.completed':
      step.status = 'done';
      step.output = event.output;
      step.completedAt = event.at;
      step.error = undefined;
      if (event.clocks !== undefined) step.verifiedAt = event.clocks;
      return;
    case 'step.skipped':
      step.status = 'skipped';
      step.skipped = event.why;
      step.output = event.output;
      return;
    case 'step.failed':
      step.status = 'failed';
      step.error = event.error;
      return;
    case 'step.interrupted':
      step.status = 'interrupted';
      return;
    case 'step.settled':
      if (event.as === 'not-started' || event.as === 'partial') step.status = event.as;
      return;
    case 'step.verified':
      step.verifiedAt = event.clocks;
      return;
    case 'irreversible.accepted':
      step.accepted = true;
      return;
    case 'gate.entered':
      step.status = 'waiting';
      step.startedSeq ??= event.seq;
      step.gate = {
        ...{ kind: event.kind, says: event.says, min: event.min, max: event.max, maxGap: event.maxGap },
        enteredBoot: event.boot,
        enteredAt: event.at,
        samples: [],
        openedSeq: undefined,
      };
      return;
    case 'gate.sampled': {
      const { healthy, readings, boot, clocks, at } = event;
      step.gate?.samples.push({ healthy, readings, boot, clocks, at });
      return;
    }
    case 'gate.opened':
      step.status = 'done';
      step.output = event.input;
      step.completedAt = event.at;
      if (step.gate) step.gate.openedSeq = event.seq;
      return;
    case 'undo.started':
      step.status = 'undoing';
      return;
    case 'undo.failed':
      step.status = 'undo-failed';
      step.error = event.error;
      return;
    case 'undo.interrupted':
      step.status = 'undoing';
      return;
    case 'undo.completed':
      forget(step);
  }
}

/** After an undo the step is as if it had never begun: the next start captures anew. */
function forget(step: StepState): void {
  step.status = 'pending';
  step.undone = true;
  step.startedSeq = undefined;
  step.startedBoot = undefined;
  step.intent = undefined;
  step.output = undefined;
  step.completedAt = undefined;
  step.verifiedAt = undefined;
  step.error = undefined;
  step.gate = undefined;
  step.accepted = false;
}
