import { posix } from 'node:path';
import { absolutePath, operation, StepError, z, type ActContext, type Host } from 'migrate-runbook';
import { placeOf, sourcesOf } from '../restore-missing/places.ts';
import type { Params } from './params.ts';

/** Where the drill plays: beside the data, under names that bear the run's id. */
export function scratchOf(p: Params, run: { readonly id: string }) {
  const beside = (what: string) =>
    posix.join(posix.dirname(p.dataPath), `.${posix.basename(p.dataPath)}.migrate-${what}-${run.id}`);
  return {
    path: beside('drill'),
    reference: beside('drill-reference'),
    dataset: p.dataset === undefined ? null : `${p.dataset}-migrate-drill-${run.id}`,
    referenceDataset: p.dataset === undefined ? null : `${p.dataset}-migrate-drill-reference-${run.id}`,
    snapshot: p.dataset === undefined ? null : `${p.dataset}@migrate-drill-${run.id}`,
  };
}

/** The place of the service's data, moved to where the drill plays. */
export function drilledPlace(p: Params, run: { readonly id: string }) {
  const { path, dataset } = scratchOf(p, run);
  const { dataset: _, ...place } = placeOf({
    ...p,
    snapshots: true,
    mayBeginEmpty: false,
    tellSkipped: false,
  });
  return { ...place, path, ...(dataset === null ? {} : { dataset }) };
}

/** The one source, which asks for the data where it lies when it is no drill. */
export function drilledSources(p: Params) {
  const all = sourcesOf({
    ...p,
    backupPath: p.backupPath ?? p.dataPath,
    snapshots: true,
    mayBeginEmpty: false,
    tellSkipped: false,
  });
  return all.filter(({ kind }) => kind === p.source);
}

const input = z.strictObject({
  path: absolutePath,
  reference: absolutePath,
  dataset: z.string().nullable(),
  referenceDataset: z.string().nullable(),
  snapshot: z.string().nullable(),
});
type Scratch = z.output<typeof input>;

/**
 * Clones the live dataset twice, one to lose and one to compare with. A snapshot holds the moment; the live
 * dataset is otherwise not touched. Of a folder nothing is made: what is not there is lost already.
 */
export const makeScratch = operation({
  operation: 'drill-scratch',
  version: 1,
  reversal: 'undo',
  input,
  idempotent: true,
  describe: ({ input: { snapshot, dataset, referenceDataset } }) =>
    snapshot === null
      ? 'nothing: a folder that is not there is lost already'
      : `snapshot ${snapshot}, and clone it as ${dataset} and ${referenceDataset}`,
  run: async ({ host, input: scratch, exec, sh }) => {
    const { snapshot, dataset, referenceDataset, path, reference } = scratch;
    if (snapshot === null || dataset === null || referenceDataset === null) return;
    if (!(await exists(host, snapshot))) await exec(sh`zfs snapshot ${snapshot}`);
    for (const [name, point] of [
      [dataset, path],
      [referenceDataset, reference],
    ] as const) {
      if (!(await exists(host, name))) {
        await exec(sh`zfs clone -o canmount=noauto -o ${`mountpoint=${point}`} ${snapshot} ${name}`);
      }
      if (!(await isMounted(host, name, point))) await exec(sh`zfs mount ${name}`);
    }
    if (!(await exists(host, `${dataset}@before`))) await exec(sh`zfs snapshot ${`${dataset}@before`}`);
  },
  undo: {
    describe: ({ input: { path } }) => `remove what the drill made at ${path}`,
    run: (context) => clear(context, context.input),
    breakGlass: ({ input: { dataset, referenceDataset, snapshot, path } }) =>
      dataset === null
        ? `Remove ${path}.`
        : `Destroy ${dataset} and what bears its name, ${referenceDataset}, and then ${snapshot}.`,
  },
});

/** Deletes everything in the drill's own clone, and looks first that it is that. */
export const lose = operation({
  operation: 'drill-lose',
  version: 1,
  reversal: 'undo',
  input,
  idempotent: true,
  describe: ({ input: { path } }) => `delete everything in the clone at ${path}`,
  run: async ({ host, input: { dataset, path }, exec, sh }) => {
    if (dataset === null) return;
    if (!(await isMounted(host, dataset, path))) {
      throw new StepError(
        'drill.not-mounted',
        `${dataset} is not what is mounted at ${path}; nothing was deleted`,
      );
    }
    await exec(sh`find ${path} -xdev -mindepth 1 -delete`);
  },
  // The clone goes as a whole with the step that made it.
  undo: () => [],
});

/** Removes everything that the drill made: its clones, what was restored, and the snapshot. */
export const clearScratch = operation({
  operation: 'drill-clear',
  version: 1,
  reversal: 'undo',
  input,
  idempotent: true,
  describe: ({ input: { path, dataset } }) => `remove ${dataset ?? path}, and all that the drill made`,
  run: (context) => clear(context, context.input),
  // It was made to be lost.
  undo: () => [],
});

type Acting = Pick<ActContext, 'host' | 'exec' | 'sh' | 'run' | 'signal'>;

async function clear({ host, exec, sh, run, signal }: Acting, scratch: Scratch): Promise<void> {
  const { path, reference, dataset, referenceDataset, snapshot } = scratch;
  if (![path, reference].every((one) => one.includes(run.id))) {
    throw new StepError('drill.not-ours', `${path} was not made by this run; nothing was deleted`);
  }
  if (dataset !== null && referenceDataset !== null && snapshot !== null) {
    // What was lost became a clone of what was restored, so it goes first; all of them bear this run's id.
    const { stdout } = await host.exec(sh`zfs list -H -o name -t filesystem -r ${parentOf(dataset)}`);
    const ours = stdout.split('\n').filter((name) => name.startsWith(dataset) || name === referenceDataset);
    for (const name of ours.toSorted((one, other) => other.length - one.length)) {
      if ((await host.mounts()).some(({ source }) => source === name)) await exec(sh`zfs unmount ${name}`);
      await whenFree({ host, exec, sh, run, signal }, name);
    }
    if (await exists(host, snapshot)) await exec(sh`zfs destroy ${snapshot}`);
  }
  for (const folder of [path, reference]) {
    if ((await host.files.stat(folder)) === undefined) continue;
    await exec(sh`chmod -R u+rwX -- ${folder}`, { anyExit: true });
    await exec(sh`rm -rf --one-file-system -- ${folder}`);
  }
}

/** Just after an unmount ZFS may still hold a dataset. */
async function whenFree({ host, exec, sh, signal }: Acting, name: string): Promise<void> {
  for (const wait of [100, 200, 400, 800, 1_600]) {
    const { exitCode, stderr } = await exec(sh`zfs destroy -r ${name}`, { anyExit: true });
    if (exitCode === 0) return;
    if (!/busy/i.test(stderr)) break;
    await host.clock.sleep(wait, signal);
  }
  await exec(sh`zfs destroy -r ${name}`);
}

async function exists(host: Host, name: string): Promise<boolean> {
  const argv = ['zfs', 'get', '-H', '-o', 'value', 'guid', name] as const;
  const { exitCode, stderr } = await host.exec({ argv }, { anyExit: true });
  if (exitCode === 0) return true;
  if (/does not exist/.test(stderr)) return false;
  throw new StepError('drill.zfs', `zfs cannot tell whether ${name} exists: ${stderr.trim()}`);
}

async function isMounted(host: Host, dataset: string, path: string): Promise<boolean> {
  return (await host.mounts()).findLast(({ point }) => point === path)?.source === dataset;
}

function parentOf(dataset: string): string {
  return dataset.slice(0, dataset.lastIndexOf('/'));
}
