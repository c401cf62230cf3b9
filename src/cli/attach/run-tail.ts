import { open, type FileHandle } from 'node:fs/promises';
import type { LiveEvent } from '../../engine/index.ts';
import { readJournal } from '../../host/journal-file.ts';
import type { RunFolder } from '../../host/runs.ts';
import { listStepLogs, parseLogLine } from '../../host/step-logs.ts';
import type { JournalEvent } from '../../journal/event.ts';

/** What another process does with a run, as its journal and logs grow. */
export interface RunTail {
  /** All events so far, and what is new since the last look, events and lines in the order of their times. */
  next(): Promise<{ readonly events: readonly JournalEvent[]; readonly fresh: readonly LiveEvent[] }>;
}

/** Follows a run from its beginning. */
export function tailOf(place: RunFolder): RunTail {
  const tails = new Map<string, Tail>();
  let told = 0;
  return {
    async next() {
      const { events } = await readJournal(place.journal);
      const lines = await newLines(place, tails);
      const fresh = events
        .slice(told)
        .map((event) => ({ at: event.at, live: { type: 'journaled', event } as LiveEvent }));
      told = events.length;
      const ordered = [...fresh, ...lines].toSorted((one, other) => one.at.localeCompare(other.at));
      return { events, fresh: ordered.map(({ live }) => live) };
    },
  };
}

/** How far a log was read, in bytes. */
interface Tail {
  position: number;
}

async function newLines(
  place: RunFolder,
  tails: Map<string, Tail>,
): Promise<{ at: string; live: LiveEvent }[]> {
  const found: { at: string; live: LiveEvent }[] = [];
  for (const { path, step } of await listStepLogs(place.logs)) {
    const tail = tails.get(path) ?? { position: 0 };
    tails.set(path, tail);
    // oxlint-disable-next-line no-await-in-loop -- one open file at a time
    for (const line of (await readOn(path, tail)).split('\n')) {
      const parsed = parseLogLine(line);
      if (parsed === undefined) continue;
      const { at, stream, text: said } = parsed;
      found.push({ at, live: { type: 'line', step, text: said, stream } });
    }
  }
  return found;
}

/** What was appended since the last look. */
async function readOn(path: string, tail: Tail): Promise<string> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'r');
    const { size } = await file.stat();
    // Whole lines only, so that no character is cut in two.
    const buffer = Buffer.alloc(Math.max(0, size - tail.position));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, tail.position);
    const whole = buffer.subarray(0, bytesRead).lastIndexOf(0x0a) + 1;
    tail.position += whole;
    return buffer.toString('utf8', 0, whole);
  } finally {
    await file?.close();
  }
}
