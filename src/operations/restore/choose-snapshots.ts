import type { Snapshot } from '../restic/restic.ts';

export interface SnapshotsWanted {
  readonly host: string;
  /** The data folder, as it was when it was backed up. */
  readonly path: string;
  readonly tags?: readonly string[] | undefined;
}

export interface ChosenSnapshots {
  /** Those of this host and path that bear every tag, newest first. */
  readonly candidates: readonly Snapshot[];
  /** Those that hold the path and are not of this host, or lack a tag: they may be what somebody looks for. */
  readonly others: readonly Snapshot[];
}

/** Which snapshots of a repository may hold a service's data; never simply the latest, which may be another's. */
export function chooseSnapshots(all: readonly Snapshot[], wanted: SnapshotsWanted): ChosenSnapshots {
  const holding = all
    .filter(({ paths }) => paths.some((path) => covers(path, wanted.path)))
    .toSorted((one, other) => Date.parse(other.time) - Date.parse(one.time));
  const fits = ({ hostname, tags }: Snapshot) =>
    hostname === wanted.host && (wanted.tags ?? []).every((tag) => (tags ?? []).includes(tag));
  return {
    candidates: holding.filter(fits),
    others: holding.filter((snapshot) => !fits(snapshot)),
  };
}

function covers(outer: string, path: string): boolean {
  return outer === path || path.startsWith(outer.endsWith('/') ? outer : `${outer}/`);
}
