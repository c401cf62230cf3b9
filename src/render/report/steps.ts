import type { JournalEvent, RecordedNode } from '../../journal/event.ts';
import { stepState, type RunState, type StepState } from '../../journal/state.ts';
import type { ReportCheck, ReportDocument, ReportStep, Span } from '../documents/report.ts';
import { skipReasons } from '../fold-view.ts';
import type { Moved } from './copies.ts';
import { lengthOf } from './spans.ts';

interface Known {
  readonly state: RunState;
  readonly events: readonly JournalEvent[];
  readonly spans: ReadonlyMap<string, readonly Span[]>;
  readonly checks: readonly ReportCheck[];
  readonly moved: ReadonlyMap<string, Moved>;
}

/** The steps in page order, by the phases under which they stand. */
export function phasesOf(known: Known): ReportDocument['phases'] {
  const counts = commandCounts(known.events);
  const phases: ReportDocument['phases'] = [];
  for (const node of [...known.state.nodes, ...known.state.removed]) {
    const step = stepOf(node, known, counts.get(node.id) ?? 0);
    const title = node.phase ?? null;
    const last = phases.at(-1);
    if (last?.title === title) {
      last.steps.push(step);
      last.workedMs += step.workedMs;
    } else phases.push({ title, workedMs: step.workedMs, steps: [step] });
  }
  return phases;
}

function stepOf(node: RecordedNode, known: Known, commands: number): ReportStep {
  const step = stepState(known.state, node.id);
  const spans = known.spans.get(node.id) ?? [];
  const planned = plannedOf(node, known);
  const bytes = known.moved.get(node.id)?.bytes;
  const note = noteOf(step, known.events);
  return {
    id: node.id,
    title: node.title,
    kind: node.kind,
    outcome: outcomeOf(step),
    attempts: known.events.filter((event) => event.type === 'step.started' && event.step === node.id).length,
    workedMs: lengthOf(spans, 'work', 'undo'),
    waitedMs: lengthOf(spans, 'wait'),
    ...(planned === undefined ? {} : { planned }),
    ...(bytes === undefined ? {} : { bytes }),
    ...(note === undefined ? {} : { note }),
    ...(step.error === undefined ? {} : { error: step.error.message }),
    ...(node.irreversible === undefined ? {} : { irreversible: node.irreversible }),
    commands: commands + (known.checks.find(({ id }) => id === node.id)?.commands.length ?? 0),
    spans: [...spans],
  };
}

function outcomeOf({ status, undone }: StepState): ReportStep['outcome'] {
  switch (status) {
    case 'pending':
      return undone ? 'undone' : 'not-begun';
    case 'not-started':
      return 'not-begun';
    case 'started':
    case 'interrupted':
    case 'partial':
    case 'undoing':
      return 'in-doubt';
    default:
      return status;
  }
}

const hourMs = 3_600_000;

function plannedOf(node: RecordedNode, { events, checks }: Known): ReportStep['planned'] {
  const entered = events.findLast((event) => event.type === 'gate.entered' && event.step === node.id);
  if (entered?.type === 'gate.entered' && entered.min !== undefined) return { leastMs: entered.min };
  const hours = checks.find(({ id }) => id === node.id)?.evidence?.['hours'];
  const planned = (hours as { planned?: unknown } | null | undefined)?.planned;
  if (!Array.isArray(planned)) return undefined;
  const [least, most] = planned as unknown[];
  if (typeof least !== 'number' || typeof most !== 'number') return undefined;
  return { leastMs: least * hourMs, mostMs: most * hourMs };
}

/** The last word on it that was not simply its own work. */
function noteOf(step: StepState, events: readonly JournalEvent[]): string | undefined {
  if (step.skipped !== undefined) return skipReasons[step.skipped];
  const last = events.findLast(
    (event) =>
      (event.type === 'step.completed' || event.type === 'step.settled' || event.type === 'undo.completed') &&
      event.step === step.id,
  );
  switch (last?.type) {
    case 'step.completed':
      if (last.by === 'act') return undefined;
      return `${last.by === 'probe' ? 'found done by its probe' : 'done, as a person said'}${because(last.why)}`;
    case 'step.settled':
      return `was in doubt, and is ${last.as}${because(last.why)}`;
    case 'undo.completed':
      return last.by === 'person' || last.by === 'script'
        ? `undone by ${last.by === 'person' ? 'a person' : 'undo.sh'}${because(last.why)}`
        : last.why;
    default:
      return undefined;
  }
}

function because(why: string | undefined): string {
  return why === undefined ? '' : `: ${why}`;
}

function commandCounts(events: readonly JournalEvent[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const event of events)
    if (event.type === 'command.started') counts.set(event.step, (counts.get(event.step) ?? 0) + 1);
  return counts;
}
