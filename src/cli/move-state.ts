import type { EngineHost } from '../engine/index.ts';
import { UsageError } from '../errors.ts';
import { claimResources } from '../host/claims.ts';
import { copyState } from '../host/copy-state.ts';
import { openJournal } from '../host/journal-file.ts';
import { acquireLock } from '../host/lock.ts';
import { runFolder } from '../host/runs.ts';
import { checkStateFolder } from '../host/state-folder.ts';
import type { EventBody } from '../journal/event.ts';
import { isOver } from '../journal/state.ts';
import { knownRuns, type KnownRun } from './known-run.ts';
import { openRun, type OpenRun } from './open-run.ts';
import { commandLine, type Places } from './places.ts';

/**
 * Copies the state folder, closes every unfinished run in the old one, and opens it in the new one as its
 * next generation. In that order: at no moment could a run go on in both.
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
  const unfinished = (await knownRuns(from)).filter((run) => !isOver(run.state));
  await checkStateFolder({
    folder: to,
    mounts: await host.mounts(),
    claims: unfinished.flatMap(({ state }) => state.claims),
    surroundings: places.surroundings,
  });
  const starting = await acquireLock(from, { what: `the state folder ${from}`, command: commandLine() });
  const open: OpenRun[] = [];
  try {
    for (const { place } of unfinished) open.push(await openRun(place, host.clock));
    await copyState(from, to);
    for (const run of open) await run.journal.append({ type: 'run.moved', to });
    for (const run of unfinished) await openThere(run, to, places, host);
    return unfinished.map(({ place }) => place.id);
  } finally {
    for (const run of open) await run.close();
    await starting.release();
  }
}

async function openThere(
  { place, state }: KnownRun,
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
  });
}
