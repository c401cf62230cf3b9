import type { EngineHost } from '../../engine/index.ts';
import { UsageError } from '../../errors.ts';
import { claimResources } from '../../host/claims.ts';
import { copyState, finishCopy, isUnfinishedCopy } from '../../host/copy-state.ts';
import { openJournal } from '../../host/journal-file.ts';
import { acquireLock } from '../../host/lock.ts';
import { runFolder } from '../../host/runs.ts';
import { checkStateFolder } from '../../host/state-folder.ts';
import type { EventBody } from '../../journal/event.ts';
import { isOver } from '../../journal/state.ts';
import { knownRuns } from './known-run.ts';
import { openRun, type OpenRun } from './open-run.ts';
import { commandLine, type Places } from './places.ts';

/**
 * Copies the state folder, closes every unfinished run in the old one, and opens it in the new one as its
 * next generation. At no moment could a run go on in both: the new folder cannot be used before the end, and
 * a move that was broken off is completed by the next.
 *
 * @param to absolute
 * @returns the runs that go on there
 * @throws LockedError when one is at work; StateError when the target is not safe, not empty or not writable
 */
export async function moveState(to: string, places: Places, host: EngineHost): Promise<readonly string[]> {
  const from = places.state;
  if (to === from || to.startsWith(`${from}/`)) {
    throw new UsageError(
      'state.inside',
      `${to} is the state folder, or lies in it`,
      'Give a folder elsewhere.',
    );
  }
  const starting = await acquireLock(from, { what: `the state folder ${from}`, command: commandLine() });
  const open: OpenRun[] = [];
  try {
    // A move that was broken off has closed some here, and opened none there that could have been used.
    const again = await isUnfinishedCopy(to);
    const runs = (await knownRuns(from)).filter(
      ({ state }) => !isOver(state) || (again && state.movedTo === to),
    );
    await checkStateFolder({
      folder: to,
      mounts: await host.mounts(),
      claims: runs.flatMap(({ state }) => state.claims),
      surroundings: places.surroundings,
    });
    for (const { place } of runs) open.push(await openRun(place, host.clock));
    await copyState(from, to);
    for (const { journal, state } of open) {
      if (state.status !== 'moved') await journal.append({ type: 'run.moved', to });
    }
    for (const run of open) await openThere(run, to, places, host);
    await finishCopy(to);
    return runs.map(({ place }) => place.id);
  } finally {
    for (const run of open) await run.close();
    await starting.release();
  }
}

async function openThere(
  { place, state }: OpenRun,
  to: string,
  places: Places,
  host: EngineHost,
): Promise<void> {
  const now = () => host.clock.now().wall;
  const journal = await openJournal(runFolder(to, place.id).journal, { now });
  try {
    const opened: EventBody = { type: 'run.opened', generation: state.generation + 1, from: places.state };
    await journal.append(opened);
  } finally {
    await journal.close();
  }
  await claimResources(places.claims, {
    run: place.id,
    runbook: state.runbook,
    stateFolder: to,
    claims: state.claims,
    since: now(),
    command: commandLine(),
    shown: places.shownClaims,
  });
}
