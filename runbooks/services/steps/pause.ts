import type { Host } from 'migrate-runbook';
import { freezeUnits } from 'migrate-runbook/operations';
import type { Service } from '../catalogue.ts';
import { unitsHeld } from '../preflight.ts';
import { releaseUnits } from '../release-units.ts';

type Stopped = Pick<Service, 'units'>;

/** The word that opens the pause in which the service is down. */
export function agreeToStop({ units }: Stopped) {
  return {
    title: 'Ready to stop the service',
    ask: () => `Shall ${units.join(', ')} stop now, for the last copy?`,
  };
}

/** Stopped, and masked until it is released. */
export function stopAndMask({ units }: Stopped) {
  return {
    title: 'Stop it, and keep it from being started',
    use: freezeUnits,
    with: () => ({ units }),
  };
}

/** A look whether anything can have written since it was stopped. */
export function isHeldDown({ units }: Stopped) {
  return {
    expect: `${units.join(', ')}: down and masked`,
    run: ({ host }: { readonly host: Host }) => unitsHeld(host, units),
  };
}

/** Its masks go; nothing starts yet. */
export function release({ units }: Stopped) {
  return {
    title: 'Let it be started again',
    use: releaseUnits,
    with: () => ({ units }),
  };
}
