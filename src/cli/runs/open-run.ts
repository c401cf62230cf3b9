import type { JournalFile } from '../../host/journal-file.ts';
import { openJournal } from '../../host/journal-file.ts';
import { acquireLock, type Lock } from '../../host/lock.ts';
import { demandOwnRun } from '../../host/own-folder.ts';
import type { RunFolder } from '../../host/runs.ts';
import { fold } from '../../journal/fold.ts';
import type { RunState } from '../../journal/state.ts';
import type { Clock } from '../../runbook/index.ts';
import type { Overrides } from '../invocation.ts';
import { commandLine } from './places.ts';

/** A run whose lock this process holds. */
export interface OpenRun {
  readonly place: RunFolder;
  readonly journal: JournalFile;
  readonly state: RunState;
  close(): Promise<void>;
}

/**
 * Opens a run to go on with it.
 * @throws LockedError when another process is at it; StateError when its state cannot be trusted
 */
export async function openRun(place: RunFolder, clock: Clock, overrides: Overrides = {}): Promise<OpenRun> {
  await demandOwnRun(place);
  const lock = await lockRun(place, overrides);
  try {
    const journal = await openJournal(place.journal, {
      now: () => clock.now().wall,
      dieHalfway: overrides.dieHalfway,
    });
    return openedRun(place, journal, lock);
  } catch (thrown) {
    await lock.release();
    throw thrown;
  }
}

export function lockRun(place: RunFolder, { crashPoint }: Overrides = {}): Promise<Lock> {
  return acquireLock(place.folder, {
    what: `the run ${place.id}`,
    command: commandLine(),
    onStage: (stage) => crashPoint?.(`${stage}-lock`, undefined),
  });
}

export function openedRun(place: RunFolder, journal: JournalFile, lock: Lock): OpenRun {
  return {
    place,
    journal,
    state: fold(journal.events),
    async close() {
      await journal.close();
      await lock.release();
    },
  };
}
