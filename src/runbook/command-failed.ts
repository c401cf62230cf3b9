import { StepError } from '../errors.ts';
import { formatCommand, type Command } from './command.ts';
import type { CommandResult } from './host.ts';

/** The error of a command that ended with an exit code that it does not accept, with the end of what it said. */
export function commandFailed(command: Command, result: CommandResult): StepError {
  const how =
    result.signal === undefined ? `exited with ${result.exitCode}` : `was ended by ${result.signal}`;
  const said = lastLines(result.stderr) || lastLines(result.stdout);
  return new StepError(
    'command.failed',
    `${formatCommand(command)} ${how}${said === '' ? ' and said nothing' : `:\n${said}`}`,
  );
}

/** Whether the command takes this exit code for success. */
export function isAccepted(command: Command, { exitCode }: CommandResult): boolean {
  return exitCode !== null && (command.ok ?? [0]).includes(exitCode);
}

function lastLines(text: string): string {
  return text
    .trimEnd()
    .split('\n')
    .slice(-10)
    .map((line) => `  ${line}`)
    .join('\n')
    .trimEnd();
}
