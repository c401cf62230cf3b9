import { readFile } from 'node:fs/promises';
import { listStepLogs, parseLogLine, type LogLine } from '../../host/step-logs.ts';
import type { JournalEvent } from '../../journal/event.ts';
import type { LogsDocument } from '../../render/documents/logs.ts';
import type { KnownRun } from '../runs/known-run.ts';

type Attempt = LogsDocument['attempts'][number];

/** What every attempt ran and printed: the commands from the journal, their output from the step logs. */
export async function runLogs({ place, events }: KnownRun, step: string | undefined): Promise<LogsDocument> {
  const attempts = attemptsOf(events).filter((attempt) => step === undefined || attempt.step === step);
  const files = await listStepLogs(place.logs);
  for (const file of files) {
    const its = attempts.filter((attempt) => attempt.step === file.step && attempt.attempt === file.attempt);
    if (its.length === 0) continue;
    // oxlint-disable-next-line no-await-in-loop -- one file in memory at a time
    for (const line of await readLines(file.path)) attemptAt(its, line.at)?.output.push(line);
  }
  return { type: 'logs', run: place.id, attempts };
}

async function readLines(path: string): Promise<LogLine[]> {
  const text = await readFile(path, 'utf8');
  return text.split('\n').flatMap((line) => parseLogLine(line) ?? []);
}

/** An undo writes to the log of the attempt that it undoes, but later. */
function attemptAt(attempts: readonly Attempt[], at: string): Attempt | undefined {
  return attempts.findLast(({ startedAt }) => startedAt <= at) ?? attempts[0];
}

/** The attempts and undos that a journal tells of, in the order of their starts. */
export function attemptsOf(events: readonly JournalEvent[]): Attempt[] {
  const attempts: Attempt[] = [];
  const current = (step: string, undoing?: boolean) =>
    attempts.findLast((each) => each.step === step && (undoing === undefined || each.undoing === undoing));
  const latestNumber = (step: string) => current(step, false)?.attempt ?? 1;
  const begin = (step: string, attempt: number, undoing: boolean, startedAt: string) =>
    attempts.push({ step, attempt, undoing, startedAt, ended: null, commands: [], output: [] });
  for (const event of events) {
    switch (event.type) {
      case 'step.started':
        begin(event.step, event.attempt, false, event.at);
        break;
      case 'undo.started':
        begin(event.step, latestNumber(event.step), true, event.at);
        break;
      case 'command.started':
        current(event.step, event.undoing)?.commands.push({
          number: event.number,
          argv: event.argv,
          startedAt: event.at,
        });
        break;
      case 'command.ended': {
        const command = current(event.step)?.commands.findLast(({ number }) => number === event.number);
        if (command === undefined) break;
        Object.assign(command, { exitCode: event.exitCode, ms: event.ms });
        if (event.signal !== undefined) command.signal = event.signal;
        break;
      }
      case 'step.completed':
        end(current(event.step, false), 'done');
        break;
      case 'step.failed':
        end(current(event.step, false), 'failed', event.error.message);
        break;
      case 'step.interrupted':
        end(current(event.step, false), 'interrupted');
        break;
      case 'undo.completed':
        end(current(event.step, true), 'undone');
        break;
      case 'undo.failed':
        end(current(event.step, true), 'undo-failed', event.error.message);
        break;
      case 'undo.interrupted':
        end(current(event.step, true), 'interrupted');
        break;
      default:
    }
  }
  return attempts;
}

function end(attempt: Attempt | undefined, how: NonNullable<Attempt['ended']>, error?: string): void {
  // An undo that found nothing to do has no start of its own.
  if (attempt === undefined || attempt.ended !== null) return;
  attempt.ended = how;
  if (error !== undefined) attempt.error = error;
}
