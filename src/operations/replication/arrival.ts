import type { ReplicationSurvey } from './replication-survey.ts';

/**
 * Datasets of which nothing new has arrived, or not all: syncoid makes a new snapshot of each with each
 * call, so that the newest common one is always another.
 */
export function notArrived(
  before: ReplicationSurvey,
  { source, standings }: ReplicationSurvey,
  identifier: string | undefined,
): string[] {
  const prefix = `syncoid_${identifier === undefined ? '' : `${identifier}_`}`;
  return standings.flatMap(({ dataset, common }) => {
    const snapshots = source.find((state) => state.dataset === dataset)?.snapshots ?? [];
    const sent = snapshots.findLastIndex(({ name }) => name.startsWith(prefix));
    const arrived = snapshots.findIndex(({ guid }) => guid === common?.guid);
    const former = before.standings.find((one) => one.dataset === dataset)?.common;
    return arrived < sent || arrived === -1 || common?.guid === former?.guid ? [dataset] : [];
  });
}
