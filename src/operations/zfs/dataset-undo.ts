import { sh, type CapturedContext, type Command, type UndoContext } from '../../runbook/index.ts';
import { restorePlace, some } from './dataset-place.ts';
import {
  datasetNow,
  isMounted,
  keptMark,
  mustBeOurs,
  type DatasetCaptured,
  type DatasetInput,
} from './dataset-state.ts';
import { destroyOne } from './destroy-one.ts';
import { markProperty, zfsFailed, zfsList } from './zfs.ts';

/** What a dataset that this step has made holds, in words; undefined when there is nothing of value in it. */
export async function valueOfDataset({
  host,
  input,
  captured,
}: Pick<
  CapturedContext<unknown, unknown, DatasetInput, DatasetCaptured>,
  'host' | 'input' | 'captured'
>): Promise<string | undefined> {
  const now = await datasetNow(host, input);
  if (captured.before !== null || now?.mark !== captured.mark) return undefined;
  const beneath = (await zfsList(host, input.dataset)).filter(({ name }) => name !== input.dataset);
  if (beneath.length > 0) return `${input.dataset} has ${some(beneath.map(({ name }) => name))}`;
  if (input.mountPoint === 'none') return undefined;
  // Without its mount nobody can see what is in it.
  if (!(await isMounted(host, input)))
    return `${input.dataset} is not mounted, so what it holds cannot be seen`;
  const held = (await host.files.list(input.mountPoint)) ?? [];
  return held.length === 0 ? undefined : `${input.dataset} holds ${some(held)}`;
}

/**
 * Destroys the dataset that this step has made, or puts back the properties that it has changed.
 * @throws StepError `zfs.other-dataset`, `zfs.failed`, `zfs.busy`
 */
export async function undoDataset(
  context: UndoContext<unknown, unknown, DatasetInput, DatasetCaptured>,
): Promise<void> {
  const { host, input, captured, exec, log, note } = context;
  const { before, mark } = captured;
  const must = async (command: Command) => {
    const result = await exec(command, { anyExit: true });
    if (result.exitCode !== 0) throw zfsFailed(command, result);
  };
  const now = await datasetNow(host, input);
  if (before !== null) {
    if (now === undefined) return;
    mustBeOurs(now, input, captured);
    for (const [property, { value, source }] of Object.entries(before.properties)) {
      const there = now.properties[property];
      if (there?.value === value && there.source === source) continue;
      const own = source === 'local' || source === 'received';
      await must(
        own
          ? sh`zfs set ${`${property}=${value}`} ${input.dataset}`
          : sh`zfs inherit ${property} ${input.dataset}`,
      );
    }
    return;
  }
  if (now !== undefined && now.mark !== keptMark(mark)) {
    mustBeOurs(now, input, captured);
    if (input.mountPoint !== 'none' && !now.mounted)
      await must(sh`zfs mount ${input.dataset}`).catch(() => undefined);
    const held = await valueOfDataset(context);
    if (held !== undefined) {
      await note('dataset.kept', { dataset: input.dataset, guid: now.guid, why: held });
      await must(sh`zfs set ${`${markProperty}=${keptMark(mark)}`} ${input.dataset}`);
      log(`${input.dataset} is kept: ${held}. Where nothing of it is needed: zfs destroy '${input.dataset}'`);
      return;
    }
    await destroyOne(context, input.dataset, now.guid);
  }
  if (now?.mark !== keptMark(mark) && captured.place !== null && input.mountPoint !== 'none')
    await restorePlace(context, input.mountPoint, captured.place);
}
