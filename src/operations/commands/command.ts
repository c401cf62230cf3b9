import { z } from 'zod';
import { operation } from '../../runbook/index.ts';
import { givenCommand } from './given-command.ts';

/**
 * Runs commands. Nobody can tell whether an interrupted attempt had any effect, so such a step waits
 * for a person's word; where a command can tell, `probedCommand` is better.
 *
 * Input: `commands`; `undo`, commands that take them back, each safe to repeat and safe when the act
 * never happened. An empty `undo` says that there is nothing to take back.
 */
export const command = operation({
  operation: 'command',
  version: 1,
  reversal: 'undo',
  input: z.strictObject({
    commands: z.array(givenCommand).min(1).readonly(),
    undo: z.array(givenCommand).readonly(),
  }),
  commands: ({ input }) => input.commands,
  undo: ({ input }) => input.undo,
});
