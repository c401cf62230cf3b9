import type { Host } from '../../runbook/index.ts';
import { entryTime, journalEntries, sinceArgument, type JournalEntry } from './journal.ts';

/** How one start of a unit ended, as systemd wrote it down. */
export interface UnitOutcome {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly result: 'succeeded' | 'failed';
}

/** What systemd says of units by; see sd-messages.h. */
const messages = {
  started: '39f53479d3a045ac8e11786248231fbf',
  startFailed: 'be02cf6855d2428ba40df7e9d022f03d',
  ended: '7ad2d189f7e94e70a38c781354912448',
  endedBadly: 'd9b373ed55a64feb8242e02dbe79a49c',
} as const;

/**
 * How each start of a unit went since a moment, oldest first. One that still starts is left out.
 * @param since milliseconds since 1970
 * @throws StepError `probe.journal`
 */
export async function unitOutcomes(host: Host, unit: string, since: number): Promise<readonly UnitOutcome[]> {
  // Of systemd itself alone: what the unit printed may be a thousand times as much.
  return outcomesIn(await journalEntries(host, [sinceArgument(since), '_PID=1', `UNIT=${unit}`]));
}

/**
 * The same from the entries. A failure outweighs the start that came before it: a simple service counts as
 * started as soon as it was forked.
 */
export function outcomesIn(entries: readonly JournalEntry[]): readonly UnitOutcome[] {
  const byStart = new Map<string, UnitOutcome>();
  for (const [index, entry] of entries.entries()) {
    const result = resultOf(entry);
    if (result === undefined) continue;
    // A start that a dependency prevented has no invocation.
    const start = typeof entry['INVOCATION_ID'] === 'string' ? entry['INVOCATION_ID'] : `entry ${index}`;
    const known = byStart.get(start);
    if (known?.result === 'failed') continue;
    byStart.set(start, { at: entryTime(entry), result });
  }
  return [...byStart.values()].toSorted((one, other) => one.at - other.at);
}

function resultOf({
  MESSAGE_ID: id,
  JOB_RESULT: job,
  JOB_TYPE: type,
}: JournalEntry): UnitOutcome['result'] | undefined {
  if (id === messages.ended) return 'succeeded';
  if (id === messages.endedBadly) return 'failed';
  // Jobs that stop a unit are told of by messages of their own.
  if (id === messages.startFailed) return type === 'stop' ? undefined : 'failed';
  return id === messages.started && (job === undefined || job === 'done') ? 'succeeded' : undefined;
}

/** Whether the journal reaches back to a moment, so that what is not in it did not happen. */
export async function journalReachesBackTo(host: Host, moment: number): Promise<boolean> {
  const until = `--until=@${Math.floor(moment / 1000)}`;
  return (await journalEntries(host, [until, '--lines=1'])).length > 0;
}
