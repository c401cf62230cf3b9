import { z } from 'zod';
import { StepError } from '../../errors.ts';
import { operation, sh, type ActContext, type Command, type Host } from '../../runbook/index.ts';
import { notArrived } from './arrival.ts';
import { bookmarkCommon } from './bookmark.ts';
import { keepAside } from './keep-aside.ts';
import type { ReplicaPlace, ReplicaStanding } from './replica-standing.ts';
import { datasetName } from '../zfs/names.ts';
import {
  replicaInput,
  replicaPlace,
  roomFor,
  surveyReplication,
  type ReplicationSurvey,
} from './replication-survey.ts';
import {
  otherReplication,
  receivesUnmounted,
  refuseReplication,
  syncoidCommand,
  syncoidFailure,
  syncoidSaid,
  type SyncoidFailure,
} from './syncoid.ts';

const input = z.strictObject({
  ...replicaInput,
  identifier: z
    .string()
    .regex(/^[\w.:-]+$/)
    .optional(),
  /** Replicas that a person agreed to keep aside, so that a full replication can take their place. */
  aside: z.array(datasetName).readonly().optional(),
});
type Input = z.output<typeof input>;

const output = z.object({
  /** `full` when at least one dataset had no replica before. */
  kind: z.enum(['full', 'incremental']),
  /** How many calls of syncoid it took. */
  tries: z.number(),
  datasets: z.array(
    z.object({ dataset: z.string(), replica: z.string(), snapshot: z.string(), guid: z.string() }),
  ),
  /** Former replicas and where they are kept. */
  aside: z.array(z.object({ was: z.string(), is: z.string() })),
});

interface Captured {
  /** By dataset, the GUID of the newest snapshot that both sides had; null where there was none. */
  readonly common: Readonly<Record<string, string | null>>;
  /** A replica that is not mounted cannot be written to. */
  readonly unmounted: boolean;
}

/** A snapshot that was pruned while it was sent is gone for good; the next try starts from another. */
const triesAtMost = 3;
const passing: readonly SyncoidFailure[] = ['pruned', 'same-second'];

/**
 * Replicates a dataset and all beneath it to another pool of this machine by syncoid: fully what has no
 * replica, else what came since the newest common snapshot. The target is never rolled back and nothing
 * of it destroyed, but for syncoid's own old snapshots; afterwards it is read-only.
 *
 * Input: `source`, `target`, `exclude`, `identifier` of syncoid's snapshots, `aside`.
 * @throws StepError `replication.*`
 */
export const syncoidReplicate = operation({
  operation: 'syncoid-replicate',
  version: 1,
  reversal: 'undo',
  input,
  capture: async ({ host, input }): Promise<Captured> => {
    const { standings } = await surveyReplication(host, replicaPlace(input));
    const unmounted = await receivesUnmounted(host);
    return {
      common: Object.fromEntries(standings.map(({ dataset, common }) => [dataset, common?.guid ?? null])),
      unmounted,
    };
  },
  output,
  probe: async ({ host, input, captured }) => {
    const { standings } = await surveyReplication(host, replicaPlace(input));
    const advanced = standings.filter(
      ({ dataset, standing, common }) =>
        standing === 'follows' && common !== undefined && common.guid !== captured.common[dataset],
    );
    // What was kept aside is known to its own attempt only, so that one ends the work.
    return advanced.length === 0 ? 'not-started' : 'partial';
  },
  idempotent: true,
  preview: async ({ host, input }) => {
    const place = replicaPlace(input);
    const { standings } = await surveyReplication(host, place);
    const { needed, available } = await roomFor(host, place);
    const missing = standings.filter(({ standing }) => standing === 'missing').length;
    return {
      summary: `${standings.length} datasets, ${missing} of them without a replica; ${needed} bytes at ${place.source}, ${available} free for ${place.target}`,
      facts: { datasets: standings.length, missing, needed, available },
    };
  },
  describe: ({ input, captured }) => [call(input, captured), sh`zfs set readonly=on ${input.target}`],
  run: (context) => replicate(context),
  verify: async ({ host, input, output }) => {
    const { standings } = await surveyReplication(host, replicaPlace(input));
    for (const { dataset, guid } of output.datasets) {
      const now = standings.find((one) => one.dataset === dataset);
      if (now?.standing !== 'follows' || now.common?.guid !== guid)
        throw new StepError(
          'replication.not-alike',
          `the newest snapshot of ${now?.replica ?? dataset} is not the one that was sent (GUID ${guid})`,
          `Compare both sides: zfs get -r guid ${dataset} ${now?.replica ?? input.target}`,
        );
    }
  },
  // A replica is a backup: it stays when its step is taken back, and harms nobody.
  undo: () => [],
});

function call(input: Input, { unmounted }: Captured): Command {
  return syncoidCommand({ ...replicaPlace(input), identifier: input.identifier, unmounted });
}

async function replicate(
  context: ActContext<unknown, unknown, Input, Captured>,
): Promise<z.output<typeof output>> {
  const { host, input, captured, exec, log, signal } = context;
  const place = replicaPlace(input);
  const aside = await keepAside(context, await surveyReplication(host, place));
  const full = Object.values(captured.common).includes(null) || aside.length > 0;
  for (let tries = 1; ; tries += 1) {
    const survey = await surveyReplication(host, place);
    await mustBePossible(host, place, survey);
    const result = await exec(call(input, captured), { anyExit: true });
    const after = await surveyReplication(host, place);
    // The exit code alone is that of what receives, which may call an empty stream a success.
    const behind = notArrived(survey, after, input.identifier);
    if (result.exitCode === 0 && behind.length === 0) {
      const datasets = mustFollow(after.standings);
      await exec(sh`zfs set readonly=on ${place.target}`);
      await bookmarkCommon(context, after.standings);
      return { kind: full ? 'full' : 'incremental', tries, datasets, aside };
    }
    const failure = result.exitCode === 0 ? 'pruned' : syncoidFailure(result);
    const said = syncoidSaid(result);
    if (!passing.includes(failure) || tries === triesAtMost) refuseReplication(failure, said, place.target);
    log(`${failure}: ${behind.join(', ')} did not arrive (${said}); trying again from what is left`);
    await host.clock.sleep(1000, signal);
  }
}

/** @throws StepError `replication.busy`, `.target-changed`, `.unrelated`, `.no-room` before anything is sent */
async function mustBePossible(host: Host, place: ReplicaPlace, survey: ReplicationSurvey): Promise<void> {
  const other = await otherReplication(host, place.target);
  if (other !== undefined) refuseReplication('busy', other, place.target);
  const changed = survey.standings.find(({ standing }) => standing === 'changed');
  if (changed !== undefined) {
    const own = changed.own.slice(0, 3).map((name) => `${changed.replica}@${name}`);
    refuseReplication('target-changed', own.join(', '), changed.replica);
  }
  const unrelated = survey.standings.find(({ standing }) => standing === 'unrelated');
  if (unrelated !== undefined)
    refuseReplication('unrelated', `${unrelated.replica} and ${unrelated.dataset}`, place.target);
  if (survey.standings.some(({ standing }) => standing !== 'missing')) return;
  const { needed, available } = await roomFor(host, place);
  if (needed < available) return;
  throw new StepError(
    'replication.no-room',
    `${place.source} holds ${needed} bytes, and ${place.target} may take ${available}`,
    'Make room in the pool, exclude datasets, or take a larger pool.',
  );
}

/** syncoid passes by what it cannot do with one dataset and goes on to the next. */
function mustFollow(standings: readonly ReplicaStanding[]): z.output<typeof output>['datasets'] {
  return standings.map(({ dataset, replica, standing, common }) => {
    if (standing === 'follows' && common !== undefined)
      return { dataset, replica, snapshot: common.name, guid: common.guid };
    throw new StepError(
      'replication.not-alike',
      `syncoid ended well, and ${replica} does not follow ${dataset}: ${standing}`,
      `A dataset with syncoid:sync=false is passed by: see zfs get syncoid:sync ${dataset}, and exclude it.`,
    );
  });
}
