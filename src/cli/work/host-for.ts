import type { EngineHost } from '../../engine/ports.ts';
import { secretsIn } from '../../host/secrets.ts';
import { thisMachine } from '../../host/this-machine.ts';
import type { Overrides } from '../invocation.ts';

/**
 * @param params of the run, whose secrets are kept from whom they are not given to
 * @param state the state folder, whose runs the runbook may ask for
 */
export function hostFor({ clock }: Overrides, params?: unknown, state?: string): EngineHost {
  return thisMachine({ ...(clock === undefined ? {} : { clock }), secrets: secretsIn(params), state });
}
