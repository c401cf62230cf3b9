import type { LiveEvent } from '../engine/ports.ts';
import type { JournalEvent } from '../journal/event.ts';
import { formatDuration } from './duration.ts';
import { findingOf, findingText } from './finding.ts';
import { unreachable } from './unreachable.ts';
import { emptyView, isActive, stepOf, untouched, withSteps, type StepView, type View } from './view.ts';

/** The view after an event. An event of a step that the view does not know changes nothing. */
export function foldView(view: View, live: LiveEvent): View {
  switch (live.type) {
    case 'journaled':
      return foldJournaled(view, live.event);
    case 'progress':
      return change(view, live.step, (step) => ({ ...step, progress: live.progress }));
    case 'line':
      return change(view, live.step, (step) => ({ ...step, lastLine: live.text }));
    case 'countdown':
      return change(view, live.step, (step) => ({
        ...step,
        gate: {
          kind: step.gate?.kind ?? 'soak',
          says: step.gate?.says ?? '',
          countedMs: live.countedMs,
          minMs: live.minMs,
          opensAt: live.opensAt,
          why: live.why,
          readings: live.readings,
          nextLookAt: live.nextLookAt,
          notCounted: live.notCounted,
        },
      }));
    case 'deadline':
      return change(view, live.step, (step) => ({
        ...step,
        status: 'at-gate',
        gate: {
          ...{ kind: 'confirm', says: deadlineText(live) },
          ...{ countedMs: undefined, minMs: undefined, opensAt: undefined, why: undefined },
        },
      }));
    default:
      return unreachable(live);
  }
}

/** The view of a run whose journal holds these events. */
export function viewOf(events: readonly JournalEvent[]): View {
  return events.reduce<View>((view, event) => foldJournaled(view, event), emptyView);
}

function foldJournaled(view: View, event: JournalEvent): View {
  switch (event.type) {
    case 'run.started':
      return withSteps(
        {
          ...emptyView,
          run: event.run,
          runbook: event.runbook,
          host: event.host,
          startedAt: event.at,
          stage: 'forward',
        },
        event.nodes.map(untouched),
      );
    case 'run.resumed':
      // Whatever was under way when the process before this one ended has no end: it is in doubt.
      return {
        ...view,
        steps: view.steps.map((step) =>
          isActive(step) && step.status !== 'at-gate' ? stopped(step, 'in-doubt') : step,
        ),
      };
    case 'run.interrupted':
      return {
        ...view,
        steps: view.steps.map((step) =>
          isActive(step) && step.status !== 'at-gate' ? stopped(step, 'interrupted') : step,
        ),
      };
    case 'run.completed':
      return { ...view, stage: 'completed' };
    case 'run.aborted':
      return { ...view, stage: 'aborted' };
    case 'run.changed':
      return withSteps(view, changedSteps(view, event.nodes));
    case 'run.moved':
    case 'run.opened':
    case 'run.stalled':
    case 'orphan.ended':
    case 'operator.notified':
    case 'step.noted':
    case 'soak.stopped':
    case 'soak.continued':
    case 'later-writes.decided':
    case 'undo.needs-waived':
    case 'journal.repaired':
    case 'irreversible.accepted':
    case 'step.verified':
    case 'gate.sampled':
      return view;
    case 'step.confirmed':
    case 'step.expired':
      return change(view, event.step, (step) => ({
        ...stopped(step, event.type === 'step.confirmed' ? 'done' : 'interrupted'),
        note: event.type === 'step.confirmed' ? 'confirmed' : event.why,
      }));
    case 'step.started':
      return change(view, event.step, (step) => ({
        ...untouched(step.node),
        status: 'running',
        attempt: event.attempt,
        since: event.at,
        describe: event.describe,
        command: event.commands?.[0]?.argv,
      }));
    case 'step.tried':
      return change(view, event.step, (step) => ({
        ...step,
        status: 'retrying',
        progress: undefined,
        note: `try ${event.try} failed: ${event.error.message}`,
      }));
    case 'step.completed':
      return change(view, event.step, (step) => ({
        ...ended(step, 'done', event.at),
        note: completedNote(step, event),
      }));
    case 'step.skipped':
      return change(view, event.step, (step) => ({
        ...stopped(step, 'skipped'),
        note: skipReasons[event.why],
      }));
    case 'step.failed':
      return change(view, event.step, (step) => ({
        ...ended(step, 'failed', event.at),
        failure: { message: event.error.message, hint: hintOf(event) },
      }));
    case 'step.interrupted':
      return change(view, event.step, (step) => ended(step, 'interrupted', event.at));
    case 'step.settled':
      return change(view, event.step, (step) => ({ ...stopped(step, settledAs[event.as]), note: event.why }));
    case 'command.started':
      return change(view, event.step, (step) => ({
        ...step,
        status: event.undoing ? 'undoing' : 'running',
        command: event.argv,
        lastLine: undefined,
      }));
    case 'command.ended':
      return change(view, event.step, (step) => ({ ...step, command: undefined, lastLine: undefined }));
    case 'gate.entered':
      return change(view, event.step, (step) => ({
        ...untouched(step.node),
        status: 'at-gate',
        since: event.at,
        gate: {
          kind: event.kind,
          says: event.says,
          countedMs: undefined,
          minMs: event.min,
          opensAt: undefined,
          why: undefined,
        },
      }));
    case 'gate.opened':
      return change(view, event.step, (step) => ({
        ...ended(step, 'done', event.at),
        note: `opened by ${openers[event.by]}`,
      }));
    case 'rollback.started':
      return { ...view, stage: 'back' };
    case 'undo.started':
      return change(view, event.step, (step) => ({
        ...untouched(step.node),
        status: 'undoing',
        attempt: step.attempt,
        since: event.at,
        describe: event.undo.kind === 'code' ? [event.undo.describe] : undefined,
      }));
    case 'undo.completed':
      return change(view, event.step, (step) => ({
        ...ended(step, 'undone', event.at),
        note:
          event.by === 'act'
            ? undefined
            : (event.why ?? (event.by === 'nothing-to-undo' ? 'nothing to undo' : `by its ${event.by}`)),
      }));
    case 'undo.failed':
      return change(view, event.step, (step) => ({
        ...ended(step, 'undo-failed', event.at),
        failure: { message: event.error.message, hint: event.error.hint },
      }));
    case 'undo.interrupted':
      return change(view, event.step, (step) => ended(step, 'interrupted', event.at));
    case 'rollback.reboot-entered':
      return { ...view, rebootAsked: event.says };
    case 'rollback.reboot-passed':
      return { ...view, rebootAsked: undefined };
    case 'rollback.completed':
      return { ...view, stage: event.to === undefined ? 'rolled-back' : 'forward' };
    default:
      return unreachable(event);
  }
}

function completedNote(step: StepView, event: JournalEvent & { type: 'step.completed' }): string | undefined {
  const finding = step.node.kind === 'check' ? findingOf(event.output) : undefined;
  if (finding !== undefined) return findingText(finding, event.knownLimitation);
  return { act: undefined, probe: 'found done by its probe', person: 'done, as a person says' }[event.by];
}

function hintOf({ error, knownLimitation }: JournalEvent & { type: 'step.failed' }): string | undefined {
  return error.hint ?? (knownLimitation === undefined ? undefined : `A known limitation: ${knownLimitation}`);
}

export const skipReasons = {
  when: 'not needed here',
  'already-done': 'already so, nothing to do',
  'failed-need': 'a step that it needs failed',
} as const;

export const openers = {
  person: 'a person',
  yes: '--yes',
  probe: 'its probe',
  boot: 'a reboot',
  time: 'time',
} as const;

const settledAs = {
  done: 'done',
  'not-started': 'waiting',
  partial: 'interrupted',
  undone: 'undone',
} as const;

/** Until when somebody must speak, and what they type. */
export function deadlineText({ leftMs, command }: LiveEvent & { type: 'deadline' }): string {
  return `undone in ${formatDuration(leftMs)} unless confirmed; log in anew and type: ${command}`;
}

function change(view: View, id: string, changed: (step: StepView) => StepView): View {
  const [place, step] = [view.places.get(id), stepOf(view, id)];
  if (place === undefined || step === undefined) return view;
  return { ...view, steps: view.steps.with(place, changed(step)) };
}

/** The step at rest, with nothing left on display of what it did. */
function stopped(step: StepView, status: StepView['status']): StepView {
  return { ...untouched(step.node), status, attempt: step.attempt };
}

function ended(step: StepView, status: StepView['status'], at: string): StepView {
  const took = step.since === undefined ? Number.NaN : Date.parse(at) - Date.parse(step.since);
  return {
    ...stopped(step, status),
    since: step.since,
    tookMs: Number.isFinite(took) && took >= 0 ? took : undefined,
  };
}

/** The edited runbook's steps, each as it was; steps that are gone but were begun stay at the end. */
function changedSteps(view: View, nodes: View['steps'][number]['node'][]): StepView[] {
  const kept = nodes.map((node) => {
    const before = stepOf(view, node.id);
    return before === undefined ? untouched(node) : { ...before, node };
  });
  const now = new Set(nodes.map(({ id }) => id));
  const gone = view.steps.filter((step) => step.status !== 'waiting' && !now.has(step.node.id));
  return [...kept, ...gone];
}
