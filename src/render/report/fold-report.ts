import type { JournalEvent } from '../../journal/event.ts';
import { stepState, type RunState } from '../../journal/state.ts';
import type { ReportCheck, ReportDocument } from '../documents/report.ts';
import { worstVerdict } from '../finding.ts';
import { countsOf } from '../text/verdicts.ts';
import { checksOf, commandsOf } from './checks.ts';
import { movedBy } from './copies.ts';
import { consentsOf, gatesOf } from './gates.ts';
import { historyOf } from './history.ts';
import { paceOf, type PaceSeries } from './pace.ts';
import { risksOf } from './risks.ts';
import { claimText, shownParams } from './scope.ts';
import { spansOf } from './spans.ts';
import { phasesOf } from './steps.ts';

/** A run, as its journal tells it. */
export interface ReportGiven {
  readonly events: readonly JournalEvent[];
  /** Their fold. */
  readonly state: RunState;
  /** Milliseconds in which any step was at work; see journal/worked.ts. */
  readonly workedMs: number;
  /** What was noted beside the journal. */
  readonly paces: readonly PaceSeries[];
  /** ISO 8601, UTC. */
  readonly madeAt: string;
}

/** Everything that a report says, as plain data; of a run in whatever state, from this or an earlier version. */
export function reportOf({ events, state, workedMs, paces, madeAt }: ReportGiven): ReportDocument {
  const nodes = [...state.nodes, ...state.removed];
  const checks = checksOf(events, nodes);
  const moved = movedBy(events, nodes);
  const phases = phasesOf({ state, events, spans: spansOf(events), checks, moved });
  const steps = phases.flatMap((phase) => phase.steps);
  const asked = checks.flatMap(({ verdict }) => verdict ?? []);
  return {
    type: 'report',
    run: state.run,
    runbook: state.runbook,
    summary: state.summary,
    host: state.host,
    madeAt,
    startedAt: state.startedAt,
    lastAt: state.lastAt,
    status: state.status,
    result: resultOf(events, state, checks),
    tookMs: Math.max(0, Date.parse(state.lastAt) - Date.parse(state.startedAt)),
    workedMs,
    params: shownParams(state.params),
    claims: state.claims.map(claimText),
    tools: { ...state.tools },
    source: { file: state.source.file, sha256: { ...state.source.files } },
    phases,
    ...(asked.length === 0 ? {} : { verdict: worstVerdict(asked) }),
    checks,
    risks: risksOf(events, state, checks, steps),
    gates: gatesOf(events, nodes),
    consents: consentsOf(events, nodes),
    copies: [...moved.values()].flatMap(({ rows }) => rows),
    paces: paces.flatMap((series) => paceOf(series) ?? []),
    history: historyOf(events),
    commands: commandsOf(checks),
  };
}

function resultOf(events: readonly JournalEvent[], state: RunState, checks: readonly ReportCheck[]): string {
  const verdicts = checks.some(({ verdict }) => verdict !== null) ? `; checks: ${countsOf(checks)}` : '';
  return `${standing(events, state)}${verdicts}`;
}

function standing(events: readonly JournalEvent[], state: RunState): string {
  const last = events.findLast((event) => event.type === 'run.aborted');
  switch (state.status) {
    case 'completed':
      return 'Complete';
    case 'ended':
      return 'Ended: every step is done, and checks said FAIL';
    case 'rolled-back':
      return `Rolled back${causeOf(events)}: everything that the run did is undone`;
    case 'rolling-back':
      return 'On its way back';
    case 'aborted':
      return `Ended without undoing${last?.type === 'run.aborted' ? `: ${last.why}` : ''}`;
    case 'moved':
      return `Moved to ${state.movedTo ?? 'another state folder'}`;
    case 'running':
      return unfinished(state);
  }
}

/** What the rollback followed from, where a step said that it should. */
function causeOf(events: readonly JournalEvent[]): string {
  const begun = events.findLastIndex(({ type }) => type === 'rollback.started');
  const failed = events.slice(0, begun).findLast((event) => event.type === 'step.failed');
  return failed?.type === 'step.failed' && failed.goesBack === true ? ` since "${failed.step}" failed` : '';
}

function unfinished(state: RunState): string {
  const those = (...wanted: readonly string[]) =>
    state.nodes.filter(({ id }) => wanted.includes(stepState(state, id).status)).map(({ id }) => id);
  const [failed, waiting] = [those('failed'), those('waiting')];
  const open = those('pending', 'started', 'interrupted', 'partial', 'not-started', 'undoing', 'undo-failed');
  if (failed.length > 0) {
    const rest = open.length + waiting.length === 0 ? 'Everything else is done' : 'Unfinished';
    return `${rest}; failed: ${failed.join(', ')}`;
  }
  return waiting.length > 0 ? `Unfinished: it waits at ${waiting.join(', ')}` : 'Unfinished';
}
