import { fillNotice, runbook, z } from 'migrate-runbook';
import { checkOf, judge, replicationLag, thresholds } from 'migrate-runbook/operations';
import { params as replication, place } from './zfs-replication/params.ts';

const { source, destination } = replication.shape;
const { replicationLag: limits } = thresholds;

/**
 * For a timer: no run ever begins, since there is nothing to do but to tell.
 */
export default runbook('replication-lag', {
  summary: 'Tell when a replica is far behind its source; for a timer, and for migrate check',
  params: z.object({
    source,
    destination,
    warnHours: z.number().positive().default(limits.warning).describe('Hours beyond which somebody is told'),
  }),
  root: true,
  nothingToDo: async ({ params: p, host }) => {
    // It asks the machine alone.
    const found = await replicationLag(place(p)).measure({ host, params: p } as never);
    const { value, observed } = typeof found === 'number' ? { value: found, observed: '' } : found;
    const hours = Number.isFinite(value) ? String(Math.floor(value)) : 'countless';
    const why = `the replica of ${p.source} lags ${hours} hours: ${observed}`;
    if (judge({ unit: 'h', warning: p.warnHours }, value) === 'ok') return { why };
    return { why, message: fillNotice('syncoid-lag-warning', { lagHours: hours, dataset: p.source }) };
  },
}).check('lag', {
  title: 'How far the replica is behind',
  ...checkOf(replicationLag(({ params: p }) => place(p))),
});
