import { readJournal } from '../../host/journal-file.ts';
import { keptSource } from '../../host/runbook-file.ts';
import type { RunFolder } from '../../host/runs.ts';
import type { EventOf } from '../../journal/event.ts';
import { stepState, type RunState } from '../../journal/state.ts';

/** A runbook with which a run has gone on: the one that it began with, or an edit that was accepted. */
export interface Version {
  /** Sequence number of the event from which on it counts. */
  readonly since: number;
  /** The copy of its sources; missing where an earlier version of this program kept none. */
  readonly kept: { readonly source: EventOf<'run.started'>['source']; readonly folder: string } | undefined;
}

/** In the order in which they came. */
export async function keptVersions(place: RunFolder): Promise<readonly Version[]> {
  const { events } = await readJournal(place.journal);
  return events.flatMap((event): Version[] => {
    if (event.type === 'run.started') {
      return [{ since: event.seq, kept: { source: event.source, folder: place.sources } }];
    }
    if (event.type !== 'run.changed') return [];
    const { source, fingerprint, kept = fingerprint, seq } = event;
    return [{ since: seq, kept: source && { source, folder: `${place.sources}.${kept}` } }];
  });
}

/** The main file of a version's copy. */
export function keptFile({ kept }: Version): string | undefined {
  return kept && keptSource(kept.source, kept.folder);
}

/** The version by which a step began. */
export function versionOfStep(
  versions: readonly Version[],
  state: RunState,
  step: string,
): Version | undefined {
  const began = stepState(state, step).startedSeq ?? Infinity;
  return versions.findLast(({ since }) => since < began);
}
