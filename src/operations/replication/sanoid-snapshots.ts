import { z } from 'zod';
import { StepError } from '../../errors.ts';
import { operation, type Host } from '../../runbook/index.ts';
import { readDatasetTree, type DatasetState } from './dataset-tree.ts';
import { dueSnapshots, sanoidPeriod } from './due-snapshots.ts';
import { datasetName } from '../zfs/names.ts';
import { parseSanoidConf } from './sanoid-conf.ts';
import { readSanoidConf, sanoidFolder } from './sanoid-config.ts';
import { allDatasets, policyPlace } from './sanoid-policy-check.ts';
import { sanoidPolicies, type SanoidPolicy } from './sanoid-policy.ts';

const input = z.strictObject({ ...policyPlace, dataset: datasetName });
type Input = z.output<typeof input>;

const output = z.object({
  snapshots: z.array(z.object({ name: z.string(), guid: z.string() })),
});

/**
 * Has sanoid take what is due now beneath a dataset, and judges by the snapshots that are there, since
 * sanoid exits with 0 also when it could take none.
 *
 * Input: `dataset`; `config`, `unit`. Output: the snapshots that it took.
 * @throws StepError `sanoid.not-taken`, `sanoid.no-policy`, `sanoid.no-unit`, `sanoid.syntax`
 */
export const sanoidSnapshots = operation({
  operation: 'sanoid-snapshots',
  version: 1,
  reversal: 'undo',
  input,
  capture: async ({ host, input }) => ({
    config: input.config ?? (await sanoidFolder(host, input.unit ?? 'sanoid.service')),
    before: (await statesOf(host, input)).flatMap(({ snapshots }) => snapshots.map(({ guid }) => guid)),
  }),
  output,
  probe: async ({ host, input, captured }) => {
    const taken = await takenSince(host, input, captured.before);
    if (taken.length === 0) return 'not-started';
    return (await due(host, input, captured.config)).length === 0
      ? { done: { snapshots: taken } }
      : 'partial';
  },
  idempotent: true,
  describe: ({ captured }) => [take(captured.config)],
  run: async ({ host, input, captured, exec }) => {
    let { stderr } = await exec(take(captured.config), { anyExit: true });
    let missing = await due(host, input, captured.config);
    if (missing.length > 0) {
      // For a quarter of an hour sanoid goes by its memory of the snapshots that there are.
      await exec(remember(captured.config), { anyExit: true });
      ({ stderr } = await exec(take(captured.config), { anyExit: true }));
      missing = await due(host, input, captured.config);
    }
    if (missing.length > 0) {
      const said = stderr.split('\n').find((line) => /CRITICAL|FATAL|cannot/.test(line));
      throw new StepError(
        'sanoid.not-taken',
        `sanoid was called, and there is no snapshot of ${missing.slice(0, 5).join(', ')}${said === undefined ? '' : `: ${said.trim()}`}`,
        'See what it said: migrate logs. The pool may be full.',
      );
    }
    return { snapshots: await takenSince(host, input, captured.before) };
  },
  // Snapshots harm nobody, and someone may need them.
  undo: () => [],
});

function take(config: string) {
  return { argv: ['sanoid', `--configdir=${config}`, '--take-snapshots', '--verbose'] } as const;
}

function remember(config: string) {
  return { argv: ['sanoid', `--configdir=${config}`, '--force-update'] } as const;
}

async function statesOf(host: Host, { dataset }: Input): Promise<readonly DatasetState[]> {
  const states = await readDatasetTree(host, dataset);
  if (states !== undefined) return states;
  throw new StepError(
    'replication.no-source',
    `there is no dataset ${dataset}`,
    'Correct its name, or import its pool.',
  );
}

async function due(host: Host, input: Input, config: string): Promise<readonly string[]> {
  const now = host.clock.now().wall / 1000;
  return dueSnapshots(await policiesIn(host, config), await statesOf(host, input), now);
}

async function policiesIn(host: Host, config: string): Promise<ReadonlyMap<string, SanoidPolicy>> {
  const { text, path } = await readSanoidConf(host, config);
  return sanoidPolicies(parseSanoidConf(text, path), await allDatasets(host));
}

async function takenSince(host: Host, input: Input, before: readonly string[]) {
  return (await statesOf(host, input)).flatMap(({ dataset, snapshots }) =>
    snapshots
      .filter((one) => sanoidPeriod(one) !== undefined && !before.includes(one.guid))
      .map(({ name, guid }) => ({ name: `${dataset}@${name}`, guid })),
  );
}
