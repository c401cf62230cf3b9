import { z } from 'zod';
import { StepError } from '../../errors.ts';
import { absolutePath, operation, type Host } from '../../runbook/index.ts';
import { unitName } from '../units/unit-state.ts';
import { judgePolicy } from './policy-problems.ts';
import { datasetName } from '../zfs/names.ts';
import { apart, readSanoidConf, sanoidFolder } from './sanoid-config.ts';

/** Where the policy lies; that of the unit when left out. */
export const policyPlace = { config: absolutePath.optional(), unit: unitName.optional() };

const input = z.strictObject({
  ...policyPlace,
  dataset: datasetName,
  template: z.string().min(1),
  without: z.array(datasetName).readonly().optional(),
  replica: datasetName.optional(),
});

/**
 * Stops a run unless sanoid's policy comes to what is wanted, by sanoid's own rules: every dataset
 * beneath one gets snapshots by a template, some get none, the replica gets none. sanoid itself reads
 * the file too, and takes nothing.
 *
 * Input: `dataset`, `template`, `without`, `replica`; `config`, `unit`.
 * @throws StepError `sanoid.policy` with all problems, `sanoid.refuses`, `sanoid.syntax`,
 *   `sanoid.no-policy`, `sanoid.no-unit`
 */
export const sanoidPolicy = operation({
  operation: 'sanoid-policy',
  version: 1,
  reversal: 'readonly',
  input,
  output: z.object({ config: z.string(), snapshotted: z.array(z.string()), without: z.array(z.string()) }),
  describe: ({ input: { dataset, template, without = [] } }) => {
    const left = without.length === 0 ? '' : `, and not ${without.join(', ')}`;
    return `check that sanoid snapshots ${dataset} with all children by the template ${template}${left}`;
  },
  run: async ({ host, input, run }) => {
    const folder = input.config ?? (await sanoidFolder(host, input.unit ?? 'sanoid.service'));
    const conf = await readSanoidConf(host, folder);
    const datasets = await allDatasets(host);
    const without = input.without ?? [];
    const { policies, problems } = judgePolicy(conf, { ...input, without }, datasets);
    if (problems.length > 0) {
      throw new StepError(
        'sanoid.policy',
        `${conf.path} is not what is wanted: ${problems.join('; ')}`,
        'Mend the configuration that it is built from.',
      );
    }
    await mustBeAccepted(host, folder, run.folder);
    const snapshotted = datasets.filter((name) => policies.get(name)?.snapshots === true);
    return { config: folder, snapshotted, without: [...without] };
  },
});

async function mustBeAccepted(host: Host, folder: string, runFolder: string): Promise<void> {
  const args = ['--take-snapshots', '--readonly', '--verbose'];
  const { stderr, exitCode } = await host.exec(
    { argv: ['sanoid', ...apart(folder, runFolder), ...args] },
    { anyExit: true },
  );
  const fatal = /^FATAL.*$/m.exec(stderr)?.[0];
  if (exitCode === 0 && fatal === undefined) return;
  throw new StepError(
    'sanoid.refuses',
    `sanoid does not take ${folder}/sanoid.conf: ${fatal ?? stderr.trim().split('\n').at(-1)}`,
    'Mend it there, or in the configuration that it is built from.',
  );
}

/** All file systems and volumes of all pools, parents first. */
export async function allDatasets(host: Host): Promise<readonly string[]> {
  const { stdout } = await host.exec({
    argv: ['zfs', 'list', '-H', '-o', 'name', '-t', 'filesystem,volume'],
  });
  return stdout.split('\n').filter((name) => name !== '');
}
