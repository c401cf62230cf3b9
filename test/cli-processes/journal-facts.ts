import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readJournal } from '../../src/host/journal-file.ts';
import type { JournalEvent } from '../../src/journal/event.ts';
import type { Place } from './place.ts';

export type EventOf<Type extends JournalEvent['type']> = Extract<JournalEvent, { type: Type }>;

/** The runs in a place's state folder, those without a journal too. */
export function runsOf(place: Place): readonly string[] {
  try {
    return readdirSync(join(place.state, 'runs')).toSorted();
  } catch {
    return [];
  }
}

export async function eventsOf(place: Place, run: string): Promise<readonly JournalEvent[]> {
  return (await readJournal(join(place.state, 'runs', run, 'journal.jsonl'))).events;
}

export function ofType<Type extends JournalEvent['type']>(
  events: readonly JournalEvent[],
  type: Type,
): readonly EventOf<Type>[] {
  return events.filter((event): event is EventOf<Type> => event.type === type);
}

/** Steps that were started after their checkpoint. */
export function startedAfterCheckpoint(events: readonly JournalEvent[]): readonly string[] {
  const done = new Set<string>();
  return events.flatMap((event) => {
    if (event.type === 'step.completed' || event.type === 'step.skipped') done.add(event.step);
    if (event.type === 'undo.completed') done.delete(event.step);
    return event.type === 'step.started' && done.has(event.step) ? [event.step] : [];
  });
}

/** For each start without an end: who said what became of it, before the step was started again or done. */
export function doubtsSettledBy(events: readonly JournalEvent[]): readonly { step: string; by: string }[] {
  const open = new Set<string>();
  const doubtful = new Set<string>();
  const settled: { step: string; by: string }[] = [];
  for (const event of events) {
    switch (event.type) {
      case 'run.resumed':
        for (const step of open) doubtful.add(step);
        break;
      case 'step.started':
        if (doubtful.has(event.step)) settled.push({ step: event.step, by: 'nobody' });
        doubtful.delete(event.step);
        open.add(event.step);
        break;
      case 'step.settled':
        if (doubtful.has(event.step)) settled.push({ step: event.step, by: event.by });
        doubtful.delete(event.step);
        open.delete(event.step);
        break;
      case 'step.completed':
        if (doubtful.has(event.step)) settled.push({ step: event.step, by: event.by });
        doubtful.delete(event.step);
        open.delete(event.step);
        break;
      case 'step.failed':
      case 'step.interrupted':
        open.delete(event.step);
        break;
      default:
    }
  }
  return settled;
}
