import { z } from 'zod';
import { StepError } from '../../errors.ts';
import { formatCommand, operation, type Host } from '../../runbook/index.ts';
import { givenCommand } from './given-command.ts';

const exitCodes = z.array(z.number().int().min(0).max(255)).min(1).readonly();

const probe = z.strictObject({
  /** It only reads. */
  command: givenCommand,
  /** Exit codes that say done; `[0]` when left out. */
  done: exitCodes.optional(),
  /** Exit codes that say not started; `[1]` when left out. Any other code: nobody knows. */
  notStarted: exitCodes.optional(),
});

/**
 * Runs commands, and lets the exit code of one that only reads tell whether they have taken effect:
 * before the first attempt, after an interruption, after the act as its proof, and around the undo.
 *
 * Input: `commands`; `probe`; `undo`, commands after which the probe says not started.
 * @throws StepError `command.not-done` when the commands succeeded and the probe does not agree.
 */
export const probedCommand = operation({
  operation: 'probed-command',
  version: 1,
  reversal: 'undo',
  input: z.strictObject({
    commands: z.array(givenCommand).min(1).readonly(),
    probe,
    undo: z.array(givenCommand).min(1).readonly(),
  }),
  probe: ({ input, host }) => ask(host, input.probe),
  preview: async ({ input, host }) => {
    const answer = await ask(host, input.probe);
    const said = typeof answer === 'string' ? answer : answer.unknown;
    return { summary: `${formatCommand(input.probe.command)}: ${said}`, facts: { probe: said } };
  },
  commands: ({ input }) => input.commands,
  verify: async ({ input, host }) => {
    const answer = await ask(host, input.probe);
    if (answer === 'done') return;
    throw new StepError(
      'command.not-done',
      `the commands succeeded, and yet ${formatCommand(input.probe.command)} says ${
        typeof answer === 'string' ? answer : answer.unknown
      }`,
      'Run the probe by hand and see what it finds; correct the commands or the exit codes that are expected.',
    );
  },
  undo: ({ input }) => input.undo,
});

async function ask(
  host: Host,
  { command, done = [0], notStarted = [1] }: z.output<typeof probe>,
): Promise<'done' | 'not-started' | { unknown: string }> {
  const { exitCode, signal } = await host.exec(command, { anyExit: true });
  if (exitCode !== null && done.includes(exitCode)) return 'done';
  if (exitCode !== null && notStarted.includes(exitCode)) return 'not-started';
  return {
    unknown: `${formatCommand(command)} ${signal === undefined ? `exited with ${exitCode}` : `was ended by ${signal}`}`,
  };
}
