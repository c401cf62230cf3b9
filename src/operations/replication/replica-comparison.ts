import { z } from 'zod';
import { StepError } from '../../errors.ts';
import { operation } from '../../runbook/index.ts';
import { replicaLag } from './replica-standing.ts';
import { replicaInput, replicaPlace, surveyReplication } from './replication-survey.ts';

/**
 * Compares the snapshots of both sides by their GUIDs. It fails unless each dataset's replica is there
 * and its newest snapshot is one of the source's; with `agree`, replicas of which the person decides
 * are told in the output instead.
 *
 * Input: `source`, `target`, `exclude`, `agree`.
 * Output: by dataset the newest common snapshot; the replicas that cannot follow; the lag.
 * @throws StepError `replication.not-alike` and those of `surveyReplication`
 */
export const replicaComparison = operation({
  operation: 'replica-comparison',
  version: 1,
  reversal: 'readonly',
  input: z.strictObject({ ...replicaInput, agree: z.boolean().optional() }),
  output: z.object({
    common: z.array(
      z.object({ dataset: z.string(), snapshot: z.string(), guid: z.string(), behind: z.number() }),
    ),
    missing: z.array(z.string()),
    /** Replicas that were changed, or have nothing in common with their source. */
    unfit: z.array(z.string()),
    lagMs: z.number().nullable(),
  }),
  describe: ({ input }) => `compare the GUIDs of the snapshots of ${input.source} and ${input.target}`,
  run: async ({ host, input }) => {
    const { standings } = await surveyReplication(host, replicaPlace(input));
    const unfit = standings.filter(({ standing }) => standing === 'changed' || standing === 'unrelated');
    const missing = standings.filter(({ standing }) => standing === 'missing');
    if (input.agree !== true && unfit.length + missing.length > 0) {
      const wrong = [...unfit, ...missing].map(({ replica, standing }) => `${replica} is ${standing}`);
      throw new StepError(
        'replication.not-alike',
        wrong.slice(0, 5).join('; '),
        'Replicate again; what was changed or is unrelated first needs your word.',
      );
    }
    const lag = replicaLag(standings, host.clock.now().wall);
    return {
      common: standings.flatMap(({ dataset, common, behind }) =>
        common === undefined ? [] : [{ dataset, snapshot: common.name, guid: common.guid, behind }],
      ),
      missing: missing.map(({ dataset }) => dataset),
      unfit: unfit.map(({ replica }) => replica),
      lagMs: lag ?? null,
    };
  },
});
