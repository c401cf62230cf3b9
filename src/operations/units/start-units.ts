import { z } from 'zod';
import { StepError } from '../../errors.ts';
import { operation } from '../../runbook/index.ts';
import { endsByItself, isUp, unitName, unitStates } from './unit-state.ts';
import { lookAtUnits, mustBeUp, startAndJudge, startCommands, stopAgain } from './unit-start.ts';
import { startProblem } from './unit-verdict.ts';

/**
 * Starts units that stay up, sockets and timers first, and judges them by their properties. The undo
 * stops those that were not up before. For a oneshot that ends by itself, use `restartUnits`.
 *
 * Input: `units`; `reload` for a daemon-reload first; `steadyMs`, how long a service of the type
 * `simple` must last to count as started, 1000 when left out.
 * @throws StepError `units.not-found`, `units.ends-by-itself`, `units.not-started`
 */
export const startUnits = operation({
  operation: 'start-units',
  version: 1,
  reversal: 'undo',
  input: z.strictObject({
    units: z.array(unitName).min(1).readonly(),
    reload: z.boolean().optional(),
    steadyMs: z.number().int().min(0).optional(),
  }),
  capture: async ({ host, input }) => {
    const captured = await lookAtUnits(host, input.units);
    const ending = captured.units.filter(({ state }) => endsByItself(state)).map(({ unit }) => unit);
    if (ending.length === 0) return captured;
    throw new StepError(
      'units.ends-by-itself',
      `${ending.join(', ')} does its work and ends, so it cannot be up`,
      'Use restartUnits for it.',
    );
  },
  probe: async ({ host, captured }) => {
    const states = await unitStates(
      host,
      captured.units.map(({ unit }) => unit),
    );
    if (states.every((state) => startProblem(state) === undefined)) return 'done';
    const begun = states.some(
      (state, index) =>
        captured.units[index]?.wasUp === false && (isUp(state) || state.ActiveState === 'failed'),
    );
    return begun ? 'partial' : 'not-started';
  },
  idempotent: true,
  preview: async ({ host, input }) => {
    const { units } = await lookAtUnits(host, input.units);
    const down = units.filter(({ wasUp }) => !wasUp).map(({ unit }) => unit);
    return { summary: down.length === 0 ? 'all are up' : `${down.join(', ')} will start`, facts: { down } };
  },
  describe: ({ input }) => startCommands('start', input),
  run: (context) => startAndJudge(context, startCommands('start', context.input), context.input),
  verify: ({ host, input }) => mustBeUp(host, input.units),
  undo: ({ captured }) => stopAgain(captured),
});
