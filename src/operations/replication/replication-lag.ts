import { givenNow, type Given, type Limits, type Measure } from '../health/measure.ts';
import { thresholds } from '../health/thresholds.ts';
import { replicaLag } from './replica-standing.ts';
import { replicaPlace, surveyReplication, type GivenPlace } from './replication-survey.ts';

const hourMs = 3_600_000;

/**
 * Hours that a replica is behind its source: the age of the newest snapshot that both sides have by GUID,
 * of the dataset for which it is oldest. Never replicated, or without a common snapshot, is infinite.
 *
 * Cannot be measured where a pool does not answer or is not imported.
 */
export function replicationLag<Params, Outputs>(
  given: Given<GivenPlace, Params, Outputs>,
  limits: Limits = thresholds.replicationLag,
): Measure<Params, Outputs> {
  return {
    name: 'replication lag',
    ...limits,
    measure: async (context) => {
      const place = replicaPlace(givenNow(given, context));
      const { standings } = await surveyReplication(context.host, place);
      const lag = replicaLag(standings, context.host.clock.now().wall);
      const without = standings.find(({ common }) => common === undefined);
      if (lag === undefined) {
        return {
          value: Number.POSITIVE_INFINITY,
          observed: `${without?.replica ?? place.target} has no snapshot in common with ${without?.dataset ?? place.source}`,
        };
      }
      const oldest = standings.toSorted(
        (one, other) => (one.common?.created ?? 0) - (other.common?.created ?? 0),
      )[0];
      return {
        value: lag / hourMs,
        observed: `the newest snapshot of ${oldest?.replica} that its source has is ${oldest?.common?.name}`,
      };
    },
  };
}
