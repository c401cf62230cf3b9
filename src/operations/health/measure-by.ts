import type { Host } from '../../runbook/index.ts';
import { givenNow, type Given, type Limits, type Measure, type Measured } from './measure.ts';

/** A question of a machine alone as a measure, with limits of its own unless others are given. */
export function measureBy<Input extends object>(
  name: string,
  ask: (host: Host, input: Input) => Promise<Measured>,
  otherwise: Limits,
) {
  return <Params, Outputs>(
    given: Given<Input, Params, Outputs>,
    limits: Limits = otherwise,
  ): Measure<Params, Outputs> => ({
    name,
    ...limits,
    measure: (context) => ask(context.host, givenNow(given, context)),
  });
}
