import { releaseClaims } from '../../host/claims.ts';
import { readLock } from '../../host/lock.ts';
import { stepState, type RunState } from '../../journal/state.ts';
import type { Clock } from '../../runbook/index.ts';
import type { KnownRun } from './known-run.ts';
import { openRun } from './open-run.ts';
import type { Places } from './places.ts';

/**
 * Ends an unfinished run that only asks and has asked everything, of which some failed: it left nothing on the
 * machine, and whoever asks anew wants new answers, also of what was well the last time.
 *
 * @returns whether it did
 */
export async function endWhenAllIsAsked(
  { place, state }: KnownRun,
  places: Places,
  clock: Clock,
): Promise<boolean> {
  if (!hasAskedAll(state) || (await readLock(place.folder)) !== undefined) return false;
  const open = await openRun(place, clock);
  try {
    if (!hasAskedAll(open.state)) return false;
    await open.journal.append({
      type: 'run.aborted',
      why: 'everything was asked, and it is asked anew by another run',
      remains: [],
    });
    await releaseClaims(places.claims, place.id, places.shownClaims);
    return true;
  } finally {
    await open.close();
  }
}

function hasAskedAll(state: RunState): boolean {
  const ended = ['done', 'skipped', 'failed'];
  return (
    state.status === 'running' &&
    [...state.nodes, ...state.removed].every(
      ({ id, reversal }) => reversal === 'readonly' && ended.includes(stepState(state, id).status),
    )
  );
}
