import { sh, type Command, type UndoContext } from '../../runbook/index.ts';
import { some } from './dataset-place.ts';
import { destroyOne } from './destroy-one.ts';
import { releaseAll } from './holds.ts';
import { datasetOf } from './names.ts';
import { interruptedReceive } from './receive.ts';
import { markProperty, snapshotsOf, zfsFailed, zfsList, zfsProperties } from './zfs.ts';
import { holdTag, type ReplicateCaptured, type ReplicateInput } from './replicate-state.ts';

/**
 * Destroys a replica that this step has made, while it holds nothing but what the source still has. Else, and where the
 * target was there before, it stays: it would have to be rolled back, and a replica harms nobody.
 *
 * @throws StepError `zfs.other-dataset`, `zfs.busy`, `zfs.failed`
 */
export async function undoReplica(
  context: UndoContext<unknown, unknown, ReplicateInput, ReplicateCaptured>,
): Promise<void> {
  const { host, input, captured, exec, log, note } = context;
  const { to, snapshot } = input;
  const must = async (command: Command) => {
    const result = await exec(command, { anyExit: true });
    if (result.exitCode !== 0) throw zfsFailed(command, result);
  };
  const sources = await snapshotsOf(host, datasetOf(snapshot));
  await releaseAll(context, holdTag(captured), datasetOf(snapshot));
  const begun = await interruptedReceive(host, to);
  if (begun?.guid === captured.guid) await must(sh`zfs receive -A ${to}`);

  const target = await zfsProperties(host, to, ['guid', 'mounted', 'type', markProperty]);
  if (target === undefined) return;
  const own = target[markProperty];
  const beneath = (await zfsList(host, to)).filter(({ name }) => name !== to);
  // Without any mark it is what was received right before an interruption.
  const unmarked = own.source !== 'local' && beneath.some(({ guid }) => guid === captured.guid);
  const made =
    captured.target === null && (unmarked || (own.source === 'local' && own.value === captured.mark));
  if (made) {
    const elsewhere = new Set(sources.map(({ guid }) => guid));
    const others = beneath.filter(({ guid }) => !elsewhere.has(guid)).map(({ name }) => name);
    const why =
      others.length > 0
        ? `it has what the source has not: ${some(others)}`
        : target.mounted.value === 'yes'
          ? 'it is mounted, so somebody may have written to it'
          : undefined;
    if (why === undefined) {
      for (const { name, guid } of beneath.toReversed()) await destroyOne(context, name, guid);
      await destroyOne(context, to, target.guid.value);
      return;
    }
    await note('replica.kept', { to, why });
    log(`${to} is kept: ${why}. Where nothing of it is needed: zfs destroy -r '${to}'`);
    await must(sh`zfs set ${`${markProperty}=${captured.mark}:kept`} ${to}`);
  } else log(`${to} keeps what it has received`);
  // Its mark says that this step is done.
  const received = beneath.find(({ guid }) => guid === captured.guid);
  if (received !== undefined) await must(sh`zfs inherit ${markProperty} ${received.name}`);
}
