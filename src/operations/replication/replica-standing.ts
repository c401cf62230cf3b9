import type { DatasetState, Point } from './dataset-tree.ts';

/**
 * How a dataset's replica stands to it, by the GUIDs of snapshots, which survive send and receive; names
 * do not tell, since a snapshot may be destroyed and another get its name.
 *
 * - `missing`: there is no replica yet
 * - `follows`: its newest snapshot is one of the source's, so that what came since can be sent
 * - `bookmark`: that snapshot was destroyed at the source, which has a bookmark of it
 * - `changed`: it has snapshots of its own since the newest common one
 * - `unrelated`: it has no snapshot in common with the source
 */
export interface ReplicaStanding {
  readonly dataset: string;
  readonly replica: string;
  readonly standing: 'missing' | 'follows' | 'bookmark' | 'changed' | 'unrelated';
  /** The newest common snapshot, or the one that a bookmark remembers. */
  readonly common?: Point;
  /** Snapshots of the source that the replica lacks, since the common one. */
  readonly behind: number;
  /** Snapshots of the replica alone, since the common one. */
  readonly own: readonly string[];
  /** Of the replica; absent when it is missing. */
  readonly guid?: string;
}

export interface ReplicaPlace {
  readonly source: string;
  readonly target: string;
  /** Datasets of the source that are not replicated, with all beneath them. */
  readonly exclude: readonly string[];
}

export function replicaStandings(
  source: readonly DatasetState[],
  target: readonly DatasetState[] | undefined,
  place: ReplicaPlace,
): readonly ReplicaStanding[] {
  const replicas = new Map((target ?? []).map((state) => [state.dataset, state]));
  return source
    .filter(({ dataset }) => !isExcluded(dataset, place.exclude))
    .map((state) => {
      const replica = `${place.target}${state.dataset.slice(place.source.length)}`;
      return standing(state, replica, replicas.get(replica));
    });
}

export function isExcluded(dataset: string, exclude: readonly string[]): boolean {
  return exclude.some((one) => dataset === one || dataset.startsWith(`${one}/`));
}

function standing(
  { dataset, snapshots, bookmarks }: DatasetState,
  replica: string,
  found: DatasetState | undefined,
): ReplicaStanding {
  const name = { dataset, replica };
  if (found === undefined) return { ...name, standing: 'missing', behind: snapshots.length, own: [] };
  const there = { ...name, guid: found.guid };
  const places = new Map(snapshots.map(({ guid }, index) => [guid, index]));
  const at = found.snapshots.findLastIndex(({ guid }) => places.has(guid));
  const common = found.snapshots[at];
  const own = found.snapshots.slice(at + 1).map((point) => point.name);
  if (common !== undefined) {
    const behind = snapshots.length - 1 - (places.get(common.guid) ?? 0);
    return { ...there, standing: own.length === 0 ? 'follows' : 'changed', common, behind, own };
  }
  const newest = found.snapshots.at(-1);
  const remembered = bookmarks.find(({ guid }) => guid === newest?.guid);
  if (remembered === undefined) return { ...there, standing: 'unrelated', behind: snapshots.length, own };
  const behind = snapshots.filter(({ created }) => created >= remembered.created).length;
  return { ...there, standing: 'bookmark', common: remembered, behind, own: [] };
}

/**
 * How far a replica is behind, in milliseconds: the age of the oldest of the datasets' newest common
 * snapshots. `undefined` when one of them has none, so that nothing tells.
 *
 * @param now milliseconds since 1970
 */
export function replicaLag(standings: readonly ReplicaStanding[], now: number): number | undefined {
  const created = standings.map(({ common }) => common?.created);
  if (created.length === 0 || created.includes(undefined)) return undefined;
  return Math.max(0, now - Math.min(...(created as number[])) * 1000);
}
