import { rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { mustBeDecided, startEvent, type EngineHost } from '../../engine/index.ts';
import { LockedError } from '../../errors.ts';
import { claimResources } from '../../host/claims.ts';
import { createJournal } from '../../host/journal-file.ts';
import { acquireLock, readLock } from '../../host/lock.ts';
import { keepSources, type LoadedRunbook } from '../../host/runbook-file.ts';
import { createRunFolder, type RunFolder } from '../../host/runs.ts';
import { prepareStateFolder } from '../../host/state-folder.ts';
import { resumesAtBoot, systemdRuns } from '../../host/systemd.ts';
import type { Overrides } from '../invocation.ts';
import { unfinishedRunOf } from './known-run.ts';
import { endWhenAllIsAsked } from './asked-all.ts';
import { leaveFolder } from './leave-folder.ts';
import type { Runbook } from '../../runbook/index.ts';
import { lockRun, openedRun, type OpenRun } from './open-run.ts';
import { commandLine, type Places } from './places.ts';
import { preflight } from './preflight.ts';

export interface StartGiven {
  readonly loaded: LoadedRunbook;
  /** Parsed. */
  readonly params: unknown;
  readonly places: Places;
  readonly host: EngineHost;
  readonly overrides: Overrides;
  readonly warn: (text: string) => void;
  /** Whether something goes on with a run after a boot; this machine is asked when left out. */
  readonly resumesByItself?: (() => Promise<boolean>) | undefined;
}

/**
 * Begins a run: checks what it needs, then pins everything in its first event and takes its claims.
 *
 * @throws LockedError `run.unfinished` when a run of the same runbook is unfinished, or a claim is held;
 *   StateError when the state folder is not safe; UsageError for a missing program or an undo that is not
 *   decided. Nothing is left behind.
 */
export async function startRun(given: StartGiven): Promise<OpenRun> {
  const { loaded, params, places, host } = given;
  const { runbook } = loaded;
  leaveFolder();
  if (given.overrides.takesUndecided !== true) mustBeDecided(runbook);
  const byItself = given.resumesByItself ?? (() => resumesAtBoot(places.state));
  const tools = await preflight(loaded, params, host, byItself);
  await warnOfReboot(runbook, byItself, given.warn);
  const claims = runbook.claims({ params });
  const warnings = await prepareStateFolder({
    folder: places.state,
    mounts: await host.mounts(),
    claims,
    surroundings: places.surroundings,
  });
  for (const warning of warnings) given.warn(warning);
  // Two that start at once must not both find that nothing is unfinished.
  const starting = await acquireLock(places.state, {
    what: `the state folder ${places.state}`,
    command: commandLine(),
    waitMs: 10_000,
  });
  try {
    await refuseSecond(given);
    const place = await createRunFolder(places.state, runbook.id, host.clock.now().wall);
    try {
      return await begin(given, place, { tools, claims });
    } catch (thrown) {
      // It never began: nothing was done to the machine, and no journal must say otherwise.
      await rm(place.folder, { recursive: true, force: true });
      throw thrown;
    }
  } finally {
    await starting.release();
  }
}

/** Said before anything begins, since at the reboot gate it is the last thing that anybody reads. */
async function warnOfReboot(
  { nodes }: Runbook,
  byItself: () => Promise<boolean>,
  warn: (text: string) => void,
): Promise<void> {
  const reboot = nodes.find(({ kind }) => kind === 'reboot');
  if (reboot === undefined || !systemdRuns() || (await byItself())) return;
  warn(
    `after the reboot "${reboot.id}" nothing goes on by itself: call migrate resume then, or first migrate boot enable`,
  );
}

async function begin(
  { loaded, params, places, host, overrides }: StartGiven,
  place: RunFolder,
  pinned: { tools: Readonly<Record<string, string>>; claims: ReturnType<LoadedRunbook['runbook']['claims']> },
): Promise<OpenRun> {
  const { runbook, file, files } = loaded;
  const lock = await lockRun(place, overrides);
  const now = () => host.clock.now().wall;
  try {
    await keepSources(loaded, place.sources);
    const journal = await createJournal(place.journal, { now, dieHalfway: overrides.dieHalfway });
    try {
      await journal.append(
        await startEvent(
          runbook,
          { run: place.id, params, hostName: hostname(), source: { file, files }, ...pinned },
          host,
        ),
      );
      await claimResources(places.claims, {
        run: place.id,
        runbook: runbook.id,
        stateFolder: places.state,
        claims: pinned.claims,
        since: now(),
        command: commandLine(),
        shown: places.shownClaims,
      });
      return openedRun(place, journal, lock);
    } catch (thrown) {
      await journal.close();
      throw thrown;
    }
  } catch (thrown) {
    await lock.release();
    throw thrown;
  }
}

async function refuseSecond({ loaded, places, host, warn }: StartGiven): Promise<void> {
  const runbook = loaded.runbook.id;
  const unfinished = await unfinishedRunOf(places.state, runbook);
  if (unfinished === undefined) return;
  const { id, folder } = unfinished.place;
  if (await endWhenAllIsAsked(unfinished, places, host.clock)) {
    warn(`${id} had asked everything, and is ended: this run asks all of it anew`);
    return;
  }
  const owner = await readLock(folder);
  const holder =
    owner === undefined
      ? 'is unfinished'
      : `is at work in process ${owner.pid} (${owner.command}) since ${owner.since}`;
  throw new LockedError(
    'run.unfinished',
    `the run ${id} of ${runbook} ${holder}`,
    [
      `Go on with it: migrate resume ${id}`,
      `Or back: migrate rollback ${id}`,
      `Or end it without undoing anything: migrate abort ${id}`,
    ].join('\n'),
  );
}
