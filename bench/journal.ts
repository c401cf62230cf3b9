import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { createJournal, type JournalFile } from '../src/host/journal-file.ts';
import type { EventBody } from '../src/journal/event.ts';
import { encodeLine } from '../src/journal/line.ts';
import { secondsOf, takeTurns } from './rounds.ts';
import type { Result } from './table.ts';

const events = 500;
const long = 10_000;
const event: EventBody = {
  type: 'step.completed',
  step: 'a-step-of-the-run',
  attempt: 1,
  by: 'act',
  verified: true,
  output: { files: 12_345, bytes: 67_890_123, at: '/mnt/ssd/nix' },
};
const line = encodeLine({ ...event, v: 1, seq: 1, at: new Date(0).toISOString() });

/** How long an append to a journal takes, beside the least that this disk allows: a write and a sync of the same bytes. */
export async function benchJournal(folder: string, rounds: number): Promise<Result> {
  const place = mkdtempSync(join(folder, 'migrate-bench-'));
  const floor = openSync(join(place, 'floor'), 'a');
  const short = await createJournal(join(place, 'short.jsonl'));
  const grown = await createJournal(join(place, 'grown.jsonl'));
  try {
    await append(grown, long);
    const timed = await takeTurns(
      [
        {
          name: 'write and fdatasync',
          run: () =>
            secondsOf(() => {
              for (let count = 0; count < events; count += 1) {
                writeSync(floor, line);
                fdatasyncSync(floor);
              }
            }),
        },
        { name: 'append', run: () => secondsOf(() => append(short, events)) },
        { name: `append after ${long} events`, run: () => secondsOf(() => append(grown, events)) },
      ],
      rounds,
    );
    const about = [
      `${events} events of ${line.length} bytes, each durable before the next; ${rounds} rounds.`,
    ];
    return { title: 'The journal', about, timed, base: 'write and fdatasync' };
  } finally {
    await Promise.all([short.close(), grown.close()]);
    closeSync(floor);
    rmSync(place, { recursive: true });
  }
}

async function append(journal: JournalFile, count: number): Promise<void> {
  // oxlint-disable-next-line no-await-in-loop -- each is durable before the next
  for (let each = 0; each < count; each += 1) await journal.append(event);
}
