import { sh, type ActContext } from '../../runbook/index.ts';
import { readDatasetTree } from './dataset-tree.ts';
import { isExcluded } from './replica-standing.ts';
import type { ReplicationSurvey } from './replication-survey.ts';

interface AsideInput {
  readonly target: string;
  readonly aside?: readonly string[] | undefined;
}

/** Renames what a person agreed to, beside the replica, so that its name is free; nothing is destroyed. */
export async function keepAside<Captured>(
  { host, input, run, exec, note }: ActContext<unknown, unknown, AsideInput, Captured>,
  { standings }: ReplicationSurvey,
): Promise<{ was: string; is: string }[]> {
  const kept: { was: string; is: string }[] = [];
  for (const was of (input.aside ?? []).toSorted()) {
    // A parent takes its children along.
    if (kept.some((one) => isExcluded(was, [one.was]))) continue;
    const is = `${input.target}${was.slice(input.target.length).replaceAll('/', '-')}-aside-${run.id}`;
    const unfit = standings.some(
      ({ replica, standing }) => replica === was && (standing === 'changed' || standing === 'unrelated'),
    );
    if (unfit) {
      await note(`${was} is kept aside as ${is}`, { was, is });
      await exec(sh`zfs rename ${was} ${is}`);
    }
    // An earlier attempt may have been interrupted after it.
    if (unfit || (await readDatasetTree(host, is)) !== undefined) kept.push({ was, is });
  }
  return kept;
}
