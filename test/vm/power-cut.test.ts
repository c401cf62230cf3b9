import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readJournal } from '../../src/host/journal-file.ts';
import type { JournalEvent } from '../../src/journal/event.ts';
import { newSeed, randomFrom } from '../cli-processes/random.ts';
import { cannotEmulate, newEmulatedMachine, type EmulatedMachine } from './power-cut/machine.ts';

const cannot = cannotEmulate();
if (cannot !== undefined) console.log(`skipped: the power of no machine can be cut here: ${cannot}`);

/** Exactly so many; else as many of ten as fit in two and a half minutes, and never less than four. */
const wanted = process.env['MIGRATE_POWER_CUTS'];
const [fewest, most, budgetMs] =
  wanted === undefined ? [4, 10, 150_000] : [Number(wanted), Number(wanted), 0];

let machine: EmulatedMachine | undefined;
afterAll(() => machine?.end());

test.skipIf(cannot !== undefined)(
  'a machine whose power is cut at random moments loses nothing that was acknowledged, and comes to its end',
  async () => {
    const seed = newSeed('power cuts');
    const next = randomFrom(seed);
    machine = newEmulatedMachine((folder) => {
      mkdirSync(join(folder, 'from'));
      for (let file = 0; file < 40; file += 1)
        writeFileSync(join(folder, 'from', `file ${file}`), Buffer.alloc(50_000, `${seed} ${file} `));
      writeFileSync(join(folder, 'config'), 'as it was\n');
    });
    const acknowledged: JournalEvent[] = [];
    const began = performance.now();
    let cuts = 0;
    let over = false;
    while (!over && (cuts < fewest || (cuts < most && performance.now() - began < budgetMs))) {
      // At a line of the console, and a moment after it: the machine's own time tells, however slow it is.
      const lines = Math.floor(next() * 9);
      const moment = Math.floor(next() * 400);
      const end = await boot(machine, acknowledged, { lines, moment });
      over = end !== 'cut';
      if (!over) cuts += 1;
      const kept = await eventsOn(machine.disk);
      console.log(
        `cut ${cuts}: ${moment} ms after line ${lines}, ${acknowledged.length} events acknowledged, ${kept.length} kept`,
      );
      expect(kept.slice(0, acknowledged.length)).toEqual(acknowledged);
      // What was made durable and not told before the cut counts from now on.
      acknowledged.push(...kept.slice(acknowledged.length));
    }
    while (!over) over = (await boot(machine, acknowledged, undefined)) !== 'cut';
    const events = await eventsOn(machine.disk);
    expect(events.slice(0, acknowledged.length)).toEqual(acknowledged);
    expect(events.at(-1)?.type).toBe('run.completed');
    expect(look(machine.disk, 'diff -r from to && cat config begun ended')).toBe('as it was\nmoved\n');
  },
  1_500_000,
);

/** Goes on with the run; what it says on the console is acknowledged. */
async function boot(
  { boot: on }: EmulatedMachine,
  acknowledged: JournalEvent[],
  cut: { readonly lines: number; readonly moment: number } | undefined,
): Promise<string> {
  let lines = 0;
  const console: string[] = [];
  let code: string | undefined;
  const end = await on((line) => {
    console.push(line);
    code ??= /^ended (\d+)$/.exec(line)?.[1];
    const event = journaled(line);
    if (event !== undefined && event.seq > acknowledged.length) acknowledged.push(event);
    if (line !== 'up' && event === undefined) return undefined;
    lines += 1;
    return cut !== undefined && lines > cut.lines ? cut.moment : undefined;
  });
  if (end === 'cut') return end;
  expect(code, console.slice(-20).join('\n')).toBe('0');
  return end;
}

function journaled(line: string): JournalEvent | undefined {
  if (!line.startsWith('{"type":"journaled"')) return undefined;
  try {
    return (JSON.parse(line) as { event: JournalEvent }).event;
  } catch {
    // The power went in the middle of the line.
    return undefined;
  }
}

/** The journal as the disk has it, after its file system has recovered, on a copy of the disk. */
async function eventsOn(disk: string): Promise<readonly JournalEvent[]> {
  const folder = join(dirname(disk), 'kept');
  mkdirSync(folder);
  try {
    look(disk, 'cp -a lib/runs/. "$OUT" 2>/dev/null || :', folder);
    const run = readdirSync(folder)[0];
    if (run === undefined) return [];
    const journal = join(folder, run, 'journal.jsonl');
    if (!readdirSync(join(folder, run)).includes('journal.jsonl')) return [];
    return (await readJournal(journal)).events;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function look(disk: string, script: string, out = ''): string {
  const mounted = `set -e; cp --sparse=always "$1" "$1.copy"; mkdir -p "$1.mount"; mount -o loop "$1.copy" "$1.mount"; (cd "$1.mount"; ${script}); umount "$1.mount"; rm "$1.copy"`;
  return execFileSync('unshare', ['-m', 'sh', '-c', mounted, 'sh', disk], {
    encoding: 'utf8',
    env: { ...process.env, OUT: out },
  });
}
