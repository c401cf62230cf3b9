import type { Finding, Host } from '../../runbook/index.ts';
import { replicaPlace, roomFor, surveyReplication, type GivenPlace } from './replication-survey.ts';

/**
 * Whether a first replication fits, as a check: what a replica holds already needs no room again.
 * @throws StepError `replication.*`
 */
export async function replicationRoom(host: Host, given: GivenPlace): Promise<Finding> {
  const place = replicaPlace(given);
  const { standings } = await surveyReplication(host, place);
  const { needed, available } = await roomFor(host, place);
  const evidence = { needed, available };
  if (standings.some(({ standing }) => standing !== 'missing'))
    return { verdict: 'PASS', observed: `there is a replica; ${available} bytes are free`, evidence };
  const observed = `${place.source} takes ${needed} bytes, and ${available} are free for ${place.target}`;
  // A full pool cannot even prune, so a tenth must be left.
  const verdict = needed >= available ? 'FAIL' : needed > available * 0.9 ? 'PARTIAL' : 'PASS';
  return { verdict, observed, evidence };
}
