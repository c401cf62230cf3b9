import { z } from 'zod';
import { isPlaceholder, operation } from '../../runbook/index.ts';
import { unitName } from './unit-state.ts';
import { holding, lookAtUnits, startAndJudge, startCommands, stopAgain } from './unit-start.ts';

/**
 * Restarts units, or runs oneshots again, and judges them by their properties: also a oneshot whose
 * condition did not hold, or whose command failed unheeded, is a failure. The undo stops those that
 * were not up before; a service keeps the configuration that it was restarted with, so put a restart
 * of its own behind the undo of that configuration.
 *
 * Whether a restart has happened cannot be told afterwards, and a second one does no harm: an
 * interrupted attempt is run again.
 *
 * Input: as for `startUnits`.
 * @throws StepError `units.not-found`, `units.not-started`
 */
export const restartUnits = operation({
  operation: 'restart-units',
  version: 1,
  reversal: 'undo',
  input: z.strictObject({
    units: z.array(unitName).min(1).readonly(),
    reload: z.boolean().optional(),
    steadyMs: z.number().int().min(0).optional(),
  }),
  capture: ({ host, input }) => lookAtUnits(host, input.units),
  idempotent: true,
  preview: async ({ host, input }) => {
    const { units } = await lookAtUnits(host, input.units);
    const up = units.filter(({ wasUp }) => wasUp).map(({ unit }) => unit);
    return {
      summary: up.length === 0 ? 'none of them is up' : `${up.join(', ')} will be interrupted`,
      facts: { up },
    };
  },
  describe: ({ input, captured, run }) => {
    if (isPlaceholder(captured)) return startCommands('restart', input);
    const { hold, release } = holding(captured, run.id);
    return [...hold, ...startCommands('restart', input), ...release];
  },
  run: async (context) => {
    const { captured, exec, input, run } = context;
    const { hold, release } = holding(captured, run.id);
    for (const command of hold) await exec(command);
    try {
      await startAndJudge(context, startCommands('restart', input), input);
    } finally {
      for (const command of release) await exec(command);
    }
  },
  undo: ({ captured, run }) => [...holding(captured, run.id).release, ...stopAgain(captured)],
});
