import { CommanderError } from 'commander';
import { exitCodes, type ExitCode } from '../errors.ts';
import { leaveFolderThatIsGone } from './runs/leave-folder.ts';
import type { Invocation, Overrides } from './invocation.ts';
import { createProgram } from './program.ts';
import { letOutputFail, useNoColour } from './terminal/process-streams.ts';

/**
 * The command line, from its arguments to its exit code. It prints every error itself.
 *
 * @param argv the operator's arguments, without the program's own path
 * @param overrides given by rehearsals and tests
 */
export async function main(argv: readonly string[], overrides: Overrides = {}): Promise<ExitCode> {
  const invocation: Invocation = { overrides, exitCode: exitCodes.done };
  const options = argv.slice(0, argv.includes('--') ? argv.indexOf('--') : argv.length);
  const json = options.includes('--json');
  letOutputFail();
  leaveFolderThatIsGone();
  if (options.includes('--no-color')) useNoColour();
  let said = '';
  try {
    const program = createProgram(invocation);
    for (const command of [
      program,
      ...program.commands,
      ...program.commands.flatMap(({ commands }) => commands),
    ]) {
      command
        .exitOverride()
        .showHelpAfterError(`(${['migrate', ...pathOf(command)].join(' ')} --help tells more)`)
        .configureOutput(json ? { writeErr: (text) => void (said += text) } : {});
    }
    await program.parseAsync(argv, { from: 'user' });
    return invocation.exitCode;
  } catch (thrown) {
    if (thrown instanceof CommanderError && thrown.exitCode === 0) return exitCodes.done;
    const { reportFailure, reportUsage } = await import('./failure.ts');
    if (thrown instanceof CommanderError) return reportUsage(said || thrown.message, json);
    const { stateOptionOf } = await import('./options/state-option.ts');
    const verbose = options.includes('--verbose') || options.includes('-v');
    return reportFailure(thrown, { json, verbose, stateDir: stateOptionOf(options) });
  }
}

/** The names that lead to a command, without the program's own. */
function pathOf(command: { name(): string; readonly parent: unknown }): string[] {
  const parent = command.parent as typeof command | null;
  return parent === null ? [] : [...pathOf(parent), command.name()];
}
