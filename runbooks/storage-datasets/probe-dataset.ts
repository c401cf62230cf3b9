import { operation, sh, StepError, z, type ActContext, type Finding, type Host } from 'migrate-runbook';
import { zfsDestroyOne, zfsList, zfsProperties } from 'migrate-runbook/operations';
import { probeDataset, type Params } from './params.ts';

const input = z.strictObject({ dataset: z.string(), mountPoint: z.string() });

/**
 * Holds the name of the dataset by which the module is proven: free before, so that what bears it afterwards is this
 * run's. The module's unit makes it; the undo of this step removes it, when that is forgotten on the way.
 */
export const reserveProbe = operation({
  operation: 'reserve-probe-dataset',
  version: 1,
  reversal: 'undo',
  input,
  capture: async ({ host, input }) => {
    const there =
      (await zfsList(host, input.dataset)).length > 0 ||
      (await host.files.stat(input.mountPoint)) !== undefined;
    if (there) {
      throw new StepError(
        'probe.taken',
        `${input.dataset} or ${input.mountPoint} is there already`,
        'Begin another run: each has a name of its own.',
      );
    }
  },
  idempotent: true,
  describe: ({ input }) => `see that neither ${input.dataset} nor ${input.mountPoint} is there`,
  // The capture has seen it, before anything could make it.
  run: async () => {},
  undo: {
    describe: ({ input }) => `destroy ${input.dataset} where it is there, and empty`,
    run: (context) => remove(context, context.input),
    breakGlass: ({ input }) =>
      `Where ${input.dataset} is there, and empty, destroy it: zfs destroy ${input.dataset}`,
  },
});

/** Removes it, with the snapshots that a schedule may have taken of it meanwhile. */
export const removeProbe = operation({
  operation: 'remove-probe-dataset',
  version: 1,
  reversal: 'undo',
  input,
  probe: async ({ host, input }) =>
    (await zfsList(host, input.dataset)).length === 0 ? 'done' : 'not-started',
  idempotent: true,
  describe: ({ input }) => `destroy ${input.dataset}, when it is empty`,
  run: (context) => remove(context, context.input),
  // What is gone held nothing.
  undo: () => [],
});

/** @throws StepError `probe.in-use` when somebody keeps something there, and those of `zfsDestroyOne` */
async function remove(
  context: Pick<ActContext, 'host' | 'exec' | 'signal'>,
  { dataset, mountPoint }: z.output<typeof input>,
): Promise<void> {
  const { host, exec } = context;
  const found = await zfsList(host, dataset);
  const used = [
    ...found.flatMap(({ name, kind }) => (kind === 'snapshot' || name === dataset ? [] : [name])),
    ...((await host.files.list(mountPoint)) ?? []),
  ];
  if (used.length > 0) {
    throw new StepError(
      'probe.in-use',
      `${dataset} holds what this run did not make: ${used.join(', ')}`,
      'Move it elsewhere, and go on.',
    );
  }
  // Its snapshots first, which a schedule may have taken meanwhile: of an empty dataset they hold nothing.
  for (const { name, guid } of found.toReversed()) await zfsDestroyOne(context, name, guid);
  if ((await host.files.stat(mountPoint)) !== undefined) await exec(sh`rmdir ${mountPoint}`);
}

/** That the unit has made it as it was declared. */
export async function findProbe(host: Host, p: Params, run: { readonly id: string }): Promise<Finding> {
  const { dataset, mountPoint } = probeDataset(p, run);
  const names = Object.keys(p.probeProperties);
  const found = await zfsProperties(host, dataset, ['guid', 'mountpoint', 'mounted', ...names]);
  if (found === undefined) return { verdict: 'FAIL', observed: `there is no ${dataset}` };
  const wrong: string[] = [];
  const own = (name: string, wanted: string) => {
    const { value = '', source = '' } = found[name] ?? {};
    if (!sameValue(value, wanted)) wrong.push(`${name} is ${value}, not ${wanted}`);
    else if (source !== 'local') wrong.push(`${name} is ${source}, not its own`);
  };
  own('mountpoint', mountPoint);
  for (const [name, value] of Object.entries(p.probeProperties)) own(name, value);
  if (found['mounted']?.value !== 'yes') wrong.push('it is not mounted');
  if (wrong.length > 0) return { verdict: 'FAIL', observed: `${dataset}: ${wrong.join('; ')}` };
  const observed = `${dataset} at ${mountPoint}, with ${names.join(', ')} of its own`;
  return { verdict: 'PASS', observed, evidence: { guid: found['guid']?.value ?? '' } };
}

/** ZFS tells sizes in bytes. */
function sameValue(value: string, wanted: string): boolean {
  const size = /^(\d+)([KMG])$/i.exec(wanted);
  const power = ' KMG'.indexOf((size?.[2] ?? ' ').toUpperCase());
  return value === wanted || (size !== null && Number(value) === Number(size[1]) * 1024 ** power);
}
