import { StepError } from '../../errors.ts';
import type { Host } from '../../runbook/index.ts';

/** An entry of systemd's journal, as `journalctl --output=json` prints it. */
export type JournalEntry = Readonly<Record<string, unknown>>;

/**
 * Entries of the journal, oldest first, but for what was asked by `args`.
 * @throws StepError `probe.journal` when the journal cannot be read as a whole: whoever may not see an entry
 *   must not take it for none
 */
export async function journalEntries(host: Host, args: readonly string[]): Promise<readonly JournalEntry[]> {
  const { stdout, stderr, exitCode } = await host.exec(
    { argv: ['journalctl', ...args, '--output=json', '--no-pager'] },
    { anyExit: true },
  );
  const lines = stdout.split('\n').filter((line) => line.startsWith('{'));
  const empty = stdout.trim() === '' || stdout.trim() === '-- No entries --';
  // With nothing to show, some versions exit with 1. A warning beside entries may be of one damaged file.
  const none = empty && stderr.trim() === '' && (exitCode === 0 || exitCode === 1);
  if (none || (lines.length > 0 && exitCode === 0))
    return lines.map((line) => JSON.parse(line) as JournalEntry);
  throw new StepError(
    'probe.journal',
    `journalctl exited with ${exitCode}: ${stderr.trim() || stdout.trim().slice(0, 200)}`,
    'Reading the journal needs root, or the group systemd-journal.',
  );
}

/** Milliseconds since 1970; `NaN` when the entry has none. */
export function entryTime({ __REALTIME_TIMESTAMP: microseconds }: JournalEntry): number {
  return typeof microseconds === 'string' ? Number(microseconds) / 1000 : Number.NaN;
}

/** The message, also where systemd gives it as bytes since it is no UTF-8, or leaves it out as too long. */
export function entryText({ MESSAGE: message }: JournalEntry): string {
  if (typeof message === 'string') return message;
  if (!Array.isArray(message)) return '(a message too long to show)';
  return message.every((part) => typeof part === 'number')
    ? new TextDecoder().decode(Uint8Array.from(message))
    : message.map(String).join(' ');
}

/** A moment as `journalctl --since` takes it, whatever the time zone. @param moment milliseconds since 1970 */
export function sinceArgument(moment: number): string {
  return `--since=@${Math.floor(moment / 1000)}`;
}
