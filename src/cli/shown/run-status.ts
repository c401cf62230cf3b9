import type { KnownRun } from '../runs/known-run.ts';
import { unconfirmed } from '../../plan/deadline.ts';
import { stepState, type RunState, type StepState } from '../../journal/state.ts';
import type { RecordedNode } from '../../journal/event.ts';
import { findingOf, findingText } from '../../render/finding.ts';
import { verdictsOf } from '../../render/verdicts.ts';
import type { RunStatusDocument } from '../../render/documents/status.ts';
import { soakStatus, type Looks } from './soak-status.ts';
import { wayBackOf } from './way-back.ts';

type Step = RunStatusDocument['steps'][number];
type Gate = RunStatusDocument['gates'][number];

/**
 * Where a run stands, from its journal.
 *
 * @param atWork the pid of the process that works on it
 * @param now milliseconds since 1970
 * @param timer a timer unit looks at the soaks of this state folder
 */
export function runStatusOf(
  { place, state }: KnownRun,
  atWork: number | null,
  now: number,
  timer: boolean,
): RunStatusDocument {
  const looks = atWork === null ? (timer ? 'timer' : 'resume') : 'process';
  const gates = state.nodes.flatMap((node) => gateOf(stepState(state, node.id), now, looks));
  const opensAt = new Map(
    gates.flatMap(({ step, opensAt: at }) => (at === undefined ? [] : [[step, at] as const])),
  );
  const checks = verdictsOf(state);
  return {
    run: state.run,
    runbook: state.runbook,
    summary: state.summary,
    host: state.host,
    folder: place.folder,
    status: state.status,
    atWork,
    startedAt: state.startedAt,
    lastAt: state.lastAt,
    params: state.params,
    steps: state.nodes.map((node) => stepOf(node, stepState(state, node.id))),
    gates,
    next: nextOf(state, atWork),
    wayBack: wayBackOf(state, opensAt),
    ...(checks.length === 0 ? {} : { checks }),
  };
}

function stepOf(node: RecordedNode, step: StepState): Step {
  return {
    id: node.id,
    title: node.title,
    ...(node.phase === undefined ? {} : { phase: node.phase }),
    kind: node.kind,
    status: step.status === 'pending' && step.undone ? 'undone' : step.status,
    attempts: step.attempts,
    ...(step.completedAt === undefined ? {} : { completedAt: step.completedAt }),
    ...(step.error === undefined ? {} : { error: step.error.message }),
    ...noteOf(node, step),
  };
}

function noteOf(node: RecordedNode, step: StepState): Pick<Step, 'note' | 'verdict'> {
  if (step.skipped !== undefined) return { note: skipped[step.skipped] };
  if (node.kind !== 'check') return {};
  const finding = findingOf(step.finding ?? (step.status === 'done' ? step.output : undefined));
  if (finding === undefined) return step.status === 'failed' ? { verdict: 'FAIL' } : {};
  return { note: findingText(finding, step.knownLimitation), verdict: finding.verdict };
}

const skipped = {
  when: 'not needed here',
  'already-done': 'was so already',
  'failed-need': 'a step that it needs failed',
} as const;

function gateOf(step: StepState, now: number, looks: Looks): Gate[] {
  if (step.deadline !== undefined && mustBeConfirmed(step)) {
    const { clocks, withinMs } = step.deadline;
    return [
      {
        ...{
          step: step.id,
          kind: 'confirm',
          says: 'can this machine still be reached? Best from a new login',
        },
        since: step.completedAt ?? new Date(clocks.wall).toISOString(),
        undoneAt: new Date(clocks.wall + withinMs).toISOString(),
      },
    ];
  }
  const { gate } = step;
  if (step.status !== 'waiting' || gate === undefined) return [];
  const base = { step: step.id, kind: gate.kind, says: gate.says, since: gate.enteredAt };
  return [gate.kind === 'soak' ? { ...base, ...soakStatus(gate, looks, now) } : base];
}

function mustBeConfirmed({ status, deadline }: StepState): boolean {
  return status === 'done' && deadline !== undefined && deadline.decided === undefined;
}

/** The commands with which to go on. */
function nextOf(state: RunState, atWork: number | null): string[] {
  const { run } = state;
  const held = unconfirmed(state);
  if (held !== undefined && state.status === 'running' && mustBeConfirmed(held)) {
    const confirm = `migrate confirm ${run} ${held.id}`;
    return [atWork === null ? `${confirm}, then migrate resume ${run}` : confirm];
  }
  if (atWork !== null) return [];
  if (state.status === 'rolling-back') {
    const reboot = state.rollback?.reboot === 'waiting' ? 'reboot this machine, then ' : '';
    return [`${reboot}migrate rollback ${run}`];
  }
  if (state.status === 'moved') return [`migrate status ${run} --state-dir ${state.movedTo ?? 'DIR'}`];
  if (state.status !== 'running') return [];
  const stopped = state.nodes.some(({ id }) => stepState(state, id).gate?.stopped !== undefined);
  if (stopped) return [`migrate resume ${run}, to go on soaking`, `migrate rollback ${run}`];
  const waits = state.nodes.filter(({ id }) => stepState(state, id).status === 'waiting');
  const words = waits.flatMap((node) => {
    if (node.kind === 'confirm' || node.kind === 'manual') return [`migrate confirm ${run} ${node.id}`];
    return node.kind === 'reboot' ? ['reboot this machine'] : [];
  });
  return words.length === 0
    ? [`migrate resume ${run}`]
    : words.map((word) => `${word}, then migrate resume ${run}`);
}
