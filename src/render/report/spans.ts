import type { JournalEvent } from '../../journal/event.ts';
import type { Span } from '../documents/report.ts';

type Doing = Span['doing'];

const begins: Readonly<Record<string, Doing>> = {
  'step.started': 'work',
  'gate.entered': 'wait',
  'undo.started': 'undo',
};

const ends: Readonly<Record<string, readonly [Doing, Span['ended']]>> = {
  'step.completed': ['work', 'well'],
  'step.failed': ['work', 'failed'],
  'step.interrupted': ['work', 'interrupted'],
  'gate.opened': ['wait', 'well'],
  'undo.completed': ['undo', 'well'],
  'undo.failed': ['undo', 'failed'],
  'undo.interrupted': ['undo', 'interrupted'],
};

/** When each step was at work, waited, or was undone, by step; times of the wall clock, as the journal has them. */
export function spansOf(events: readonly JournalEvent[]): ReadonlyMap<string, readonly Span[]> {
  const open = new Map<string, { readonly doing: Doing; readonly from: string; last: string }>();
  const spans = new Map<string, Span[]>();
  const close = (step: string, to: string, ended: Span['ended']) => {
    const span = open.get(step);
    open.delete(step);
    if (span === undefined) return;
    const list = spans.get(step) ?? [];
    list.push({ doing: span.doing, from: span.from, to, ended });
    spans.set(step, list);
  };
  for (const event of events) {
    if (event.type === 'run.resumed') {
      // The process before this one ended without a word: when, only the last that it said can tell.
      for (const [step, { doing, last }] of open) if (doing !== 'wait') close(step, last, 'never');
    }
    if (event.type === 'rollback.started') {
      for (const [step, { doing }] of open) if (doing === 'wait') close(step, event.at, 'interrupted');
    }
    if (!('step' in event) || event.step === undefined) continue;
    const begun = open.get(event.step);
    if (begun !== undefined) begun.last = event.at;
    const doing = begins[event.type];
    if (doing !== undefined) {
      if (begun?.doing === doing && doing === 'wait') continue;
      if (begun !== undefined) close(event.step, event.at, 'never');
      open.set(event.step, { doing, from: event.at, last: event.at });
      continue;
    }
    const end = ends[event.type];
    if (end !== undefined && begun?.doing === end[0]) close(event.step, event.at, end[1]);
  }
  const lastAt = events.at(-1)?.at ?? '';
  for (const step of open.keys()) close(step, lastAt, 'never');
  return spans;
}

/** Milliseconds of spans of a kind; a clock that went back counts for nothing. */
export function lengthOf(spans: readonly Span[], ...doing: readonly Doing[]): number {
  return spans
    .filter((span) => doing.includes(span.doing))
    .reduce((sum, { from, to }) => sum + Math.max(0, Date.parse(to) - Date.parse(from)), 0);
}
