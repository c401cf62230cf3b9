import { z } from 'zod';
import { StepError } from '../../errors.ts';
import {
  operation,
  sh,
  type ActContext,
  type CapturedContext,
  type Command,
  type Host,
} from '../../runbook/index.ts';
import { some } from './dataset-place.ts';
import { markOf } from './dataset-state.ts';
import { destroyOne } from './destroy-one.ts';
import { hold, isHeld, release } from './holds.ts';
import { datasetName, poolOf, snapshotLabel } from './names.ts';
import { commonAncestor } from './snapshot-names.ts';
import { markProperty, usablePool, zfsFailed, zfsList, zfsProperties } from './zfs.ts';

const input = z
  .strictObject({
    /** All in one pool; their snapshots show one and the same moment. */
    datasets: z.array(datasetName).min(1).readonly(),
    /** What follows the @ in the names of all. */
    name: snapshotLabel,
    /** Tag of a hold, which keeps them from being destroyed until it is released. */
    hold: snapshotLabel.optional(),
  })
  .refine(({ datasets }) => new Set(datasets).size === datasets.length, { error: 'a dataset is named twice' })
  .refine(({ datasets }) => new Set(datasets.map(poolOf)).size === 1, {
    error: 'one moment for several datasets can be had within one pool only',
  });
type Input = z.output<typeof input>;

interface Captured {
  readonly mark: string;
}

/**
 * Snapshots of one or several datasets at one and the same moment.
 *
 * Input: `datasets`, `name`, `hold`. Output: each snapshot's name and GUID, in the order of `datasets`.
 * @throws StepError `zfs.no-dataset`, `zfs.snapshot-exists`, `zfs.no-snapshot`, `zfs.not-held`, `zfs.no-pool`,
 *   `zfs.pool-unusable`, `zfs.full`, `zfs.failed`; undo: `zfs.busy` for a clone or another hold
 */
export const zfsSnapshot = operation({
  operation: 'zfs-snapshot',
  version: 1,
  reversal: 'undo',
  input,
  capture: async ({ host, input, run }): Promise<Captured> => {
    await refuseTaken(host, input);
    return { mark: markOf(host, run) };
  },
  output: z.object({ snapshots: z.array(z.object({ name: z.string(), guid: z.string() })) }),
  probe: async (context) => {
    const { input, host } = context;
    const found = await look(context);
    const foreign = found.filter(({ guid, ours }) => guid !== undefined && !ours).map(({ name }) => name);
    if (foreign.length > 0) return { unknown: `${some(foreign)} was not made by this step` };
    if (found.every(({ guid }) => guid === undefined))
      return (await surplus(host, input, context.captured)).length === 0 ? 'not-started' : 'partial';
    const whole = await allThere(context);
    return whole === undefined || (await surplus(host, input, context.captured)).length > 0
      ? 'partial'
      : { done: whole };
  },
  idempotent: true,
  preview: async ({ host, input }) => {
    await refuseTaken(host, input);
    return { summary: `${namesOf(input).join(', ')} will be made`, facts: { snapshots: namesOf(input) } };
  },
  describe: ({ input, captured }) => [
    takeCommand(namesOf(input), captured, false),
    ...(input.hold === undefined
      ? []
      : namesOf(input).map((name) => sh`zfs hold ${input.hold ?? ''} ${name}`)),
  ],
  run: async (context) => {
    const { input, host, captured } = context;
    const found = await look(context);
    const there = found.filter(({ guid }) => guid !== undefined);
    if (there.some(({ ours }) => !ours)) await refuseTaken(host, input);
    // Some without the others are of an attempt that was interrupted, and not of one moment with what would follow.
    if (there.length > 0 && there.length < found.length) {
      for (const { name, guid = '' } of there) {
        if (input.hold !== undefined) await release(context, input.hold, [name]);
        await destroyOne(context, name, guid);
      }
    }
    if (there.length < found.length) await take(context);
    for (const { name, guid } of await surplus(host, input, captured)) await destroyOne(context, name, guid);
    if (input.hold !== undefined) await hold(context, input.hold, namesOf(input));
    return (await allThere(context)) ?? { snapshots: [] };
  },
  verify: async ({ host, input, output }) => {
    const wanted = namesOf(input);
    for (const [index, name] of wanted.entries()) {
      const guid = (await zfsProperties(host, name, ['guid']))?.guid.value;
      if (guid === undefined || output.snapshots[index]?.guid !== guid) {
        throw new StepError(
          'zfs.no-snapshot',
          `there is no snapshot ${name} of this step`,
          'See: zpool history',
        );
      }
      if (input.hold !== undefined && !(await isHeld(host, name, input.hold))) {
        throw new StepError('zfs.not-held', `${name} bears no hold ${input.hold}`, `See: zfs holds ${name}`);
      }
    }
  },
  undo: {
    describe: ({ input }) => `destroy ${namesOf(input).join(', ')}, where this step made them`,
    run: async (context) => {
      const { input, host, captured } = context;
      for (const { name, guid, ours } of await look(context)) {
        if (guid === undefined || !ours) continue;
        if (input.hold !== undefined) await release(context, input.hold, [name]);
        await destroyOne(context, name, guid);
      }
      for (const { name, guid } of await surplus(host, input, captured))
        await destroyOne(context, name, guid);
    },
    breakGlass: ({ input }) =>
      `The run made the snapshots ${namesOf(input).join(', ')}. They harm nothing, and may be what brings data back; where they are in the way: zfs destroy SNAPSHOT${
        input.hold === undefined ? '' : `, after zfs release ${input.hold} SNAPSHOT`
      }`,
  },
});

type Context = Pick<CapturedContext<unknown, unknown, Input, Captured>, 'host' | 'input' | 'captured'>;

function namesOf({ datasets, name }: Input): readonly string[] {
  return datasets.map((dataset) => `${dataset}@${name}`);
}

function takeCommand(names: readonly string[], { mark }: Captured, recursive: boolean): Command {
  return sh`zfs snapshot ${recursive ? ['-r'] : []} -o ${markProperty}=${mark} ${names}`;
}

async function look({ host, input, captured }: Context) {
  const found: { name: string; guid: string | undefined; ours: boolean }[] = [];
  for (const name of namesOf(input)) {
    const properties = await zfsProperties(host, name, ['guid', markProperty]);
    const mark = properties?.[markProperty];
    found.push({
      name,
      guid: properties?.guid.value,
      ours: mark?.source === 'local' && mark.value === captured.mark,
    });
  }
  return found;
}

/** The output, when all are there and held. */
async function allThere(context: Context) {
  const { host, input } = context;
  const snapshots: { name: string; guid: string }[] = [];
  for (const { name, guid, ours } of await look(context)) {
    if (guid === undefined || !ours) return undefined;
    if (input.hold !== undefined && !(await isHeld(host, name, input.hold))) return undefined;
    snapshots.push({ name, guid });
  }
  return { snapshots };
}

async function take({ host, input, captured, exec, log }: ActContext<unknown, unknown, Input, Captured>) {
  await usablePool(host, poolOf(input.datasets[0] ?? ''));
  const command = takeCommand(namesOf(input), captured, false);
  const result = await exec(command, { anyExit: true });
  if (result.exitCode === 0) return;
  if (!/too many arguments/i.test(result.stderr)) throw zfsFailed(command, result);
  // An older ZFS takes several at one moment only with -r; those that nobody asked for are destroyed right after.
  const above = commonAncestor(input.datasets);
  log(
    `this ZFS snapshots several datasets at one moment only with all of ${above}; the others are destroyed again`,
  );
  const whole = takeCommand([`${above}@${input.name}`], captured, true);
  const retried = await exec(whole, { anyExit: true });
  if (retried.exitCode !== 0) throw zfsFailed(whole, retried);
}

/** Snapshots of this step that it did not mean to keep. */
async function surplus(host: Host, input: Input, { mark }: Captured) {
  if (input.datasets.length === 1) return [];
  const wanted = new Set(namesOf(input));
  const entries = await zfsList(host, commonAncestor(input.datasets), { properties: [markProperty] });
  return entries.filter(({ kind, name, properties }) => {
    const own = properties[markProperty];
    const ours = own?.source === 'local' && own.value === mark;
    return kind === 'snapshot' && ours && name.endsWith(`@${input.name}`) && !wanted.has(name);
  });
}

/** @throws StepError `zfs.no-dataset`, `zfs.snapshot-exists` */
async function refuseTaken(host: Host, input: Input): Promise<void> {
  for (const dataset of input.datasets) {
    if ((await zfsProperties(host, dataset, ['guid'])) === undefined)
      throw new StepError('zfs.no-dataset', `there is no dataset ${dataset}`, 'See: zfs list');
    const name = `${dataset}@${input.name}`;
    if ((await zfsProperties(host, name, ['guid'])) === undefined) continue;
    throw new StepError(
      'zfs.snapshot-exists',
      `there is already a snapshot ${name}, which this step did not make`,
      'Choose another name, such as one with the id of the run in it.',
    );
  }
}
