import { claimResources } from '../../host/claims.ts';
import { hostFor } from '../work/host-for.ts';
import type { Overrides } from '../invocation.ts';
import type { KnownRun } from './known-run.ts';
import { leaveFolder } from './leave-folder.ts';
import { openRun, type OpenRun } from './open-run.ts';
import { commandLine, type Places } from './places.ts';

/**
 * Takes a run's lock, and its claims again: a process that was killed between its start and its claims
 * has left none, and a run that was complete has freed them.
 *
 * @throws LockedError when another process or another run holds what it needs
 */
export async function reopenRun(known: KnownRun, places: Places, overrides: Overrides): Promise<OpenRun> {
  leaveFolder();
  const { clock } = hostFor(overrides);
  const open = await openRun(known.place, clock, overrides);
  try {
    await claimResources(places.claims, {
      run: known.place.id,
      runbook: open.state.runbook,
      stateFolder: places.state,
      claims: open.state.claims,
      since: clock.now().wall,
      command: commandLine(),
      shown: places.shownClaims,
    });
    return open;
  } catch (thrown) {
    await open.close();
    throw thrown;
  }
}
