import { z } from 'zod';
import { StepError } from '../../errors.ts';
import {
  isPlaceholder,
  operation,
  sh,
  type CapturedContext,
  type Command,
  type Host,
} from '../../runbook/index.ts';
import { markOf } from './dataset-state.ts';
import { hold, releaseAll } from './holds.ts';
import { datasetOf, parentOf, poolOf } from './names.ts';
import { interruptedReceive, isResumable, restOf, sendAndReceive, sendCommand } from './receive.ts';
import { undoReplica } from './replica-undo.ts';
import { holdTag, replicateInput, type ReplicateCaptured, type ReplicateInput } from './replicate-state.ts';
import { planSend, type SendPlan } from './send-plan.ts';
import { mustHaveParent } from './zfs-pool.ts';
import { guidOf, markProperty, snapshotsOf, usablePool, zfsFailed, zfsProperties } from './zfs.ts';

const output = z.object({
  to: z.string(),
  /** As the target names it. */
  snapshot: z.string(),
  guid: z.string(),
  /** Whether there was no target when this step began. */
  sent: z.enum(['full', 'incremental']),
});

/**
 * Sends a snapshot into another dataset of this machine, whole or what has changed since the youngest
 * snapshot that both sides have. Snapshots are compared by GUID, and a target is never rolled back. An
 * interrupted receive goes on where the pool can do that, else it begins anew.
 *
 * @throws StepError `zfs.no-snapshot`, `zfs.target-without-snapshots`, `zfs.no-common-snapshot`, `zfs.target-ahead`,
 *   `zfs.snapshot-too-old`, `zfs.target-written`, `zfs.target-busy`, `zfs.other-receive`, `zfs.other-dataset`,
 *   `zfs.not-received`, `zfs.no-parent`, `zfs.no-pool`, `zfs.pool-unusable`, `zfs.full`, `zfs.failed`
 */
export const zfsReplicate = operation({
  operation: 'zfs-replicate',
  version: 1,
  reversal: 'undo',
  input: replicateInput,
  capture: async ({ host, input, run }): Promise<ReplicateCaptured> => {
    const guid = await guidOf(host, input.snapshot);
    if (guid === undefined) throw noSnapshot(input);
    await usablePool(host, poolOf(input.to));
    const parent = parentOf(input.to);
    if (parent !== undefined) await mustHaveParent(host, parent);
    const target = (await guidOf(host, input.to)) ?? null;
    if ((await interruptedReceive(host, input.to)) === undefined)
      refuse(input, await plan(host, input, guid));
    return { mark: markOf(host, run), guid, target };
  },
  output,
  probe: async (context) => {
    const { host, input, captured } = context;
    const target = await zfsProperties(host, input.to, ['guid', markProperty]);
    if (target === undefined)
      return captured.target === null ? 'not-started' : { unknown: `${input.to} was there and is gone` };
    if (captured.target !== null && captured.target !== target.guid.value)
      return { unknown: `${input.to} has the GUID ${target.guid.value}, and had ${captured.target}` };
    const done = await received(context);
    if (done !== undefined) return { done };
    if ((await interruptedReceive(host, input.to)) !== undefined) return 'partial';
    if (captured.target !== null || target[markProperty].value === `${captured.mark}:kept`)
      return 'not-started';
    const there = (await snapshotsOf(host, input.to)).some(({ guid }) => guid === captured.guid);
    return there ? 'partial' : { unknown: `${input.to} was made by somebody else since this step began` };
  },
  idempotent: true,
  preview: async ({ host, input }) => {
    const guid = await guidOf(host, input.snapshot);
    // An earlier step may be about to take it.
    if (guid === undefined) return { summary: `${input.snapshot} is not there yet`, facts: {} };
    const what = refuse(input, await plan(host, input, guid));
    const summary = {
      none: `${input.to} has ${input.snapshot} already`,
      full: `all of ${input.snapshot} is sent to ${input.to}, which is made`,
      incremental: `${input.to} gets what has changed since ${what.kind === 'incremental' ? what.base.name : ''}`,
    }[what.kind];
    return { summary, facts: { sent: what.kind } };
  },
  describe: ({ input, captured }) => [
    ...(captured.target === null
      ? [sendCommand([input.snapshot], input.to, false)]
      : [`send ${input.to} what it lacks of ${input.snapshot}`]),
    ...newTargetCommands(input, captured),
  ],
  run: async (context) => {
    const { host, input, captured, exec } = context;
    const must = async (command: Command) => {
      const result = await exec(command, { anyExit: true });
      if (result.exitCode !== 0) throw zfsFailed(command, result);
    };
    if ((await guidOf(host, input.snapshot)) !== captured.guid) throw noSnapshot(input);
    const rest = await interruptedReceive(host, input.to);
    const what = rest === undefined ? refuse(input, await plan(host, input, captured.guid)) : undefined;
    // A snapshot that is pruned meanwhile makes what has come useless.
    const kept = [input.snapshot, ...(what?.kind === 'incremental' ? [what.base.name] : [])];
    const tag = holdTag(captured);
    await hold(context, tag, kept);
    if (what?.kind !== 'none') {
      const resumable = await isResumable(host, input.to);
      const sending = rest === undefined ? argumentsFor(input, what) : restOf(rest, input.to, captured.guid);
      await sendAndReceive(context, sending, input.to, resumable);
    }
    const name = await receivedName(host, input, captured);
    if (name === undefined) throw notReceived(input);
    for (const command of newTargetCommands(input, captured)) await must(command);
    await must(sh`zfs set ${`${markProperty}=${captured.mark}`} ${name}`);
    await releaseAll(context, tag, datasetOf(input.snapshot));
    return outputOf(input, captured, name);
  },
  verify: async ({ host, input, captured }) => {
    if ((await receivedName(host, input, captured)) === undefined) throw notReceived(input);
  },
  undo: {
    describe: ({ input, captured }) =>
      captured.target === null || isPlaceholder(captured.target)
        ? `destroy ${input.to}, where this step made it and nobody uses it`
        : `leave what ${input.to} has received`,
    run: undoReplica,
    breakGlass: ({ input, captured }) =>
      `The run sent ${input.snapshot} to ${input.to}${
        captured.target === null ? ', which it made' : ''
      }. A replica harms nothing and may be needed; leave it. Holds of the run: zfs release ${holdTag(captured)} ${input.snapshot}`,
  },
});

async function plan(host: Host, { snapshot, to }: ReplicateInput, guid: string): Promise<SendPlan> {
  const target = (await guidOf(host, to)) === undefined ? undefined : await snapshotsOf(host, to);
  return planSend(await snapshotsOf(host, datasetOf(snapshot)), target, guid);
}

function refuse({ snapshot, to }: ReplicateInput, what: SendPlan): Exclude<SendPlan, { kind: 'refused' }> {
  if (what.kind !== 'refused') return what;
  throw new StepError(what.code, `${snapshot} cannot be sent to ${to}: ${what.why}`, what.mend);
}

function argumentsFor(
  { snapshot, intermediate }: ReplicateInput,
  what: SendPlan | undefined,
): readonly string[] {
  if (what?.kind !== 'incremental') return [snapshot];
  return [intermediate === true ? '-I' : '-i', what.base.name, snapshot];
}

/** A replica is not mounted over what it is a replica of, at this boot or a later one. */
function newTargetCommands(
  { to, readOnly }: ReplicateInput,
  { target, mark }: ReplicateCaptured,
): readonly Command[] {
  if (target !== null) return [];
  return [
    sh`zfs set canmount=noauto ${to}`,
    ...(readOnly === false ? [] : [sh`zfs set readonly=on ${to}`]),
    sh`zfs set ${`${markProperty}=${mark}`} ${to}`,
  ];
}

async function receivedName(
  host: Host,
  { to }: ReplicateInput,
  { guid }: ReplicateCaptured,
): Promise<string | undefined> {
  return (await snapshotsOf(host, to)).find((one) => one.guid === guid)?.name;
}

/** The output, when the target has the snapshot and this step has said that it is finished. */
async function received({
  host,
  input,
  captured,
}: Pick<
  CapturedContext<unknown, unknown, ReplicateInput, ReplicateCaptured>,
  'host' | 'input' | 'captured'
>) {
  const found = (await snapshotsOf(host, input.to, [markProperty])).find(
    ({ guid }) => guid === captured.guid,
  );
  const mark = found?.properties[markProperty];
  if (found === undefined || mark?.source !== 'local' || mark.value !== captured.mark) return undefined;
  return outputOf(input, captured, found.name);
}

function outputOf({ to }: ReplicateInput, { target, guid }: ReplicateCaptured, snapshot: string) {
  return { to, snapshot, guid, sent: target === null ? ('full' as const) : ('incremental' as const) };
}

function noSnapshot({ snapshot }: ReplicateInput): StepError {
  return new StepError(
    'zfs.no-snapshot',
    `there is no snapshot ${snapshot}, or it is not the one that there was`,
    'Take it again and hold it, so that no pruning takes it away.',
  );
}

function notReceived({ snapshot, to }: ReplicateInput): StepError {
  return new StepError(
    'zfs.not-received',
    `${to} has no snapshot with the GUID of ${snapshot}`,
    'See what zfs said in migrate logs, and go on.',
  );
}
