import { StateError } from '../../errors.ts';
import { readScan } from '../../host/journal-file.ts';
import { listRuns, runbookOfRun, type RunFolder } from '../../host/runs.ts';
import type { JournalEvent } from '../../journal/event.ts';
import { fold } from '../../journal/fold.ts';
import { damaged } from '../../journal/read.ts';
import type { RunState } from '../../journal/state.ts';

/** A run as its journal tells it, read without its lock. */
export interface KnownRun {
  readonly place: RunFolder;
  readonly events: readonly JournalEvent[];
  readonly state: RunState;
}

/** A run whose journal cannot be believed, and how it stood before the first bad line when that is known. */
export interface DamagedRun {
  readonly place: RunFolder;
  readonly error: StateError;
  readonly state: RunState | undefined;
}

export interface SurveyedRuns {
  /** In the order of their starts. */
  readonly sound: readonly KnownRun[];
  readonly damaged: readonly DamagedRun[];
}

/** Every run of a state folder; the damage of one is in no other's way. */
export async function surveyRuns(state: string): Promise<SurveyedRuns> {
  const looked = await Promise.all((await listRuns(state)).map(lookAtRun));
  const runs = looked.filter((run) => run !== undefined);
  const sound = runs.filter((run): run is KnownRun => !isDamaged(run));
  return {
    sound: sound.toSorted((one, other) => one.state.startedAt.localeCompare(other.state.startedAt)),
    damaged: runs.filter(isDamaged),
  };
}

/** `undefined` for a start that was broken off in the middle of its first line, so that nothing followed from it. */
export async function lookAtRun(place: RunFolder): Promise<KnownRun | DamagedRun | undefined> {
  try {
    const { events, damage } = await readScan(place.journal);
    const state = events.length === 0 ? undefined : fold(events);
    if (damage !== undefined) return { place, error: damaged(place.journal, damage), state };
    if (state === undefined) return undefined;
    if (state.run === place.id) return { place, events, state };
    const fault = `it begins the run ${state.run}, and not ${place.id}`;
    return { place, error: damaged(place.journal, { line: 1, offset: 0, fault }), state: undefined };
  } catch (error) {
    if (error instanceof StateError) return { place, error, state: undefined };
    throw error;
  }
}

export function isDamaged(run: KnownRun | DamagedRun): run is DamagedRun {
  return 'error' in run;
}

/** The runbook of a damaged run: by its first line, else by its id. `undefined` when neither tells. */
export function runbookOf({ place, state }: Pick<DamagedRun, 'place' | 'state'>): string | undefined {
  return state?.runbook ?? runbookOfRun(place.id);
}
