import { quoteWord } from '../../runbook/index.ts';
import type { LogsDocument } from '../documents/logs.ts';
import { formatDuration } from '../duration.ts';
import { harmless } from '../harmless.ts';
import { formatStamp } from '../moment.ts';
import type { Style } from '../style.ts';

type Attempt = LogsDocument['attempts'][number];

export function logsText(document: LogsDocument, style: Style): string {
  if (document.attempts.length === 0) return `${document.run}: nothing was begun yet.`;
  return document.attempts.map((attempt) => attemptLines(attempt, style).join('\n')).join('\n\n');
}

function attemptLines(attempt: Attempt, style: Style): string[] {
  const what = attempt.undoing ? 'undo' : `attempt ${attempt.attempt}`;
  const error = attempt.error === undefined ? '' : `: ${harmless(attempt.error)}`;
  return [
    `${style('strong', `${attempt.step}, ${what}`)}  ${style('faint', formatStamp(attempt.startedAt))}  ${attempt.ended ?? 'no end is known'}${error}`,
    ...attempt.commands.map((command) => `  ${commandLine(command, style)}`),
    ...attempt.output.map((line) => logLine(line, style)),
  ];
}

function commandLine(command: Attempt['commands'][number], style: Style): string {
  const argv = harmless(command.argv.map(quoteWord).join(' '));
  const { exitCode, signal, ms } = command;
  const took = ms === undefined ? '' : ` after ${formatDuration(ms)}`;
  const how =
    exitCode === undefined
      ? 'no end is known'
      : exitCode === null
        ? `ended by ${signal ?? 'a signal'}`
        : `exit ${exitCode}`;
  return `$ ${argv}  ${style(exitCode === 0 ? 'good' : 'bad', `${how}${took}`)}`;
}

const marks = { stdout: '|', stderr: '!', note: '-' } as const;

/** One line of output as the log shows it. */
export function logLine(
  line: { readonly stream: keyof typeof marks; readonly text: string },
  style: Style,
): string {
  return `  ${marks[line.stream]} ${style(line.stream === 'stderr' ? 'warning' : 'plain', harmless(line.text))}`;
}
