import { homedir } from 'node:os';
import type { ShownFolder } from '../../host/claims.ts';
import { claimsFolder, shownClaimsFolder, stateFolder, type Surroundings } from '../../host/folders.ts';
import type { Globals } from '../invocation.ts';

/** Where this call keeps and finds things. */
export interface Places {
  /** The state folder. */
  readonly state: string;
  /** The machine's folder of claims. */
  readonly claims: string;
  /** Where root shows them to others. */
  readonly shownClaims?: ShownFolder | undefined;
  readonly surroundings: Surroundings;
}

/** @throws UsageError `state.relative` */
export function placesOf(globals: Pick<Globals, 'stateDir'>): Places {
  const surroundings: Surroundings = {
    env: process.env,
    uid: process.getuid?.() ?? 0,
    home: homedir(),
  };
  return {
    state: stateFolder(globals.stateDir, surroundings),
    claims: claimsFolder(surroundings),
    shownClaims: shownClaimsFolder(surroundings),
    surroundings,
  };
}

/** This call as it was typed, for those who find something locked by it. */
export function commandLine(): string {
  return ['migrate', ...process.argv.slice(2)].join(' ');
}
