import { open, type FileHandle } from 'node:fs/promises';
import type { LiveEvent } from '../engine/index.ts';
import { readJournal } from '../host/journal-file.ts';
import type { RunFolder } from '../host/runs.ts';
import { listStepLogs, parseLogLine } from '../host/step-logs.ts';
import { fold } from '../journal/fold.ts';
import { isOver } from '../journal/state.ts';
import { jsonLinesRenderer } from '../render/json-lines.ts';
import { linesRenderer } from '../render/lines.ts';
import type { Clock } from '../runbook/index.ts';
import type { Globals } from './invocation.ts';
import { stdout } from './process-streams.ts';
import { interruptible } from './signals.ts';
import type { Terminal } from './terminal.ts';

const lookEveryMs = 500;

/** Prints a run's events and its commands' output as they come, from the start, until it is over. */
export async function followRun(
  place: RunFolder,
  step: string | undefined,
  globals: Globals,
  terminal: Terminal,
  clock: Clock,
): Promise<void> {
  const now = () => clock.now().wall;
  const renderer = globals.json
    ? jsonLinesRenderer({ output: stdout, verbosity: 'verbose' })
    : linesRenderer({ output: stdout, verbosity: 'verbose', now, colour: terminal.colour });
  const tails = new Map<string, Tail>();
  let told = 0;
  await interruptible(
    () => {},
    async (signal) => {
      for (;;) {
        const { events } = await readJournal(place.journal);
        const lines = await newLines(place, tails);
        const fresh = events
          .slice(told)
          .map((event) => ({ at: event.at, live: { type: 'journaled', event } as LiveEvent }));
        told = events.length;
        for (const { live } of [...fresh, ...lines].toSorted((one, other) =>
          one.at.localeCompare(other.at),
        )) {
          if (step === undefined || stepOf(live) === step) renderer.tell(live);
        }
        if (isOver(fold(events)) || signal.aborted) return;
        try {
          await clock.sleep(lookEveryMs, signal);
        } catch {
          return;
        }
      }
    },
  );
}

function stepOf(live: LiveEvent): string | undefined {
  if (live.type !== 'journaled') return live.step;
  return 'step' in live.event ? live.event.step : undefined;
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
