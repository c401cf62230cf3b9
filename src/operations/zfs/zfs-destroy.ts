import { z } from 'zod';
import { StepError } from '../../errors.ts';
import { isPlaceholder, operation, sh, type Host } from '../../runbook/index.ts';
import { some } from './dataset-place.ts';
import { destroyOne, otherOne } from './destroy-one.ts';
import { destroyOrder, liesBeneath, type Doomed } from './destroy-order.ts';
import { holdsOf, release } from './holds.ts';
import { datasetName, guidText, poolOf, snapshotLabel, snapshotName } from './names.ts';
import { guidOf, zfsList, type ZfsEntry } from './zfs.ts';

const input = z.strictObject({
  /** A dataset or a snapshot. */
  target: z.union([datasetName, snapshotName]),
  /** Captured by an earlier step. */
  guid: guidText,
  /** What may go with it: its snapshots, its children with theirs. Nothing when left out. */
  including: z
    .array(z.enum(['snapshots', 'children']))
    .readonly()
    .optional(),
  /** Tags of holds that may be released. */
  release: z.array(snapshotLabel).readonly().optional(),
});
type Input = z.output<typeof input>;

interface Captured {
  /** All that goes, in that order. */
  readonly doomed: readonly Doomed[];
}

/**
 * Destroys a dataset or snapshot for ever. All that goes with it is listed before, by name and GUID, and
 * each goes by itself: what was made since, is cloned, held or in use stops it.
 *
 * Input: `target`, `guid`, `including`, `release`. Output: what was destroyed.
 * @throws StepError `zfs.other-dataset`, `zfs.has-snapshots`, `zfs.has-children`, `zfs.has-clones`, `zfs.is-held`,
 *   `zfs.is-pool`, `zfs.appeared`, `zfs.busy`, `zfs.no-dataset`, `zfs.no-pool`, `zfs.pool-unusable`, `zfs.failed`
 */
export const zfsDestroy = operation({
  operation: 'zfs-destroy',
  version: 1,
  reversal: 'irreversible',
  input,
  capture: async ({ host, input }): Promise<Captured> => ({ doomed: await listDoomed(host, input) }),
  output: z.object({ destroyed: z.array(z.object({ name: z.string(), guid: z.string() })) }),
  probe: async ({ host, input, captured: { doomed } }) => {
    const { left, moved } = await stillThere(host, input, doomed);
    if (moved !== undefined) return { unknown: `${moved} since this step began` };
    if (left.length === 0) return { done: outputOf(doomed) };
    return left.length === doomed.length ? 'not-started' : 'partial';
  },
  idempotent: true,
  preview: async ({ host, input }) => {
    const doomed = await listDoomed(host, input);
    return {
      summary: `goes for ever: ${some(doomed.map(({ name }) => name))}`,
      facts: { goes: doomed.map(({ name }) => name) },
    };
  },
  describe: ({ input, captured: { doomed } }) =>
    isPlaceholder(doomed)
      ? [`list what goes with ${input.target}, and destroy each by itself`]
      : doomed.map(({ name }) => sh`zfs destroy ${name}`),
  run: async (context) => {
    const { host, input, captured, note } = context;
    const { doomed } = captured;
    const known = new Set(doomed.map(({ guid }) => guid));
    const now = (await zfsList(host, input.target)).filter(({ kind }) => kind !== 'bookmark');
    const stranger = now.find(({ guid }) => !known.has(guid));
    if (stranger?.name === input.target) throw otherOne(input.target, stranger.guid, input.guid);
    if (stranger !== undefined) {
      throw new StepError(
        'zfs.appeared',
        `${stranger.name} was made since it was listed what goes with ${input.target}`,
        'Look at it. Where it may go too, destroy it by hand and go on.',
      );
    }
    await refuseHolds(host, input, now);
    await note('zfs.destroy', { doomed: doomed.map(({ name, guid }) => ({ name, guid })) });
    for (const { name, guid } of doomed) {
      if (name.includes('@') && now.some((one) => one.guid === guid))
        for (const tag of input.release ?? []) await release(context, tag, [name]);
      await destroyOne(context, name, guid);
    }
    return outputOf(doomed);
  },
  verify: async ({ host, input, captured }) => {
    const { left } = await stillThere(host, input, captured.doomed);
    if (left.length === 0) return;
    throw new StepError(
      'zfs.not-destroyed',
      `still there: ${some(left.map(({ name }) => name))}`,
      'Go on, or see zpool history.',
    );
  },
});

function outputOf(doomed: readonly Doomed[]) {
  return { destroyed: doomed.map(({ name, guid }) => ({ name, guid })) };
}

/** What of it there still is. A dataset's GUID is its own in the pool; replicas of a snapshot share the snapshot's. */
async function stillThere(host: Host, { target }: Input, doomed: readonly Doomed[]) {
  const pool = await zfsList(host, poolOf(target));
  const names = new Map(pool.map(({ name, guid }) => [name, guid]));
  const datasets = new Map(
    pool.flatMap(({ name, guid, kind }) =>
      kind === 'filesystem' || kind === 'volume' ? [[guid, name]] : [],
    ),
  );
  const renamed = doomed.find(({ name, guid }) => (datasets.get(guid) ?? name) !== name);
  return {
    left: doomed.filter(({ name, guid }) => names.get(name) === guid),
    moved: renamed && `${renamed.name} was renamed to ${datasets.get(renamed.guid)}`,
  };
}

function inTree(name: string, target: string): boolean {
  return name === target || liesBeneath(name, target);
}

async function listDoomed(host: Host, input: Input): Promise<readonly Doomed[]> {
  const { target, guid, including = [] } = input;
  if (target === poolOf(target))
    throw new StepError(
      'zfs.is-pool',
      `${target} is a whole pool`,
      'A pool is destroyed by hand: zpool destroy',
    );
  const found = await guidOf(host, target);
  if (found === undefined)
    throw new StepError('zfs.no-dataset', `there is no ${target}`, 'See: zfs list -t all');
  if (found !== guid) throw otherOne(target, found, guid);
  const pool = await zfsList(host, poolOf(target), { properties: ['origin', 'userrefs'] });
  const tree = pool.filter(({ name }) => inTree(name, target));
  const children = tree.filter(
    ({ name, kind }) => name !== target && kind !== 'snapshot' && kind !== 'bookmark',
  );
  if (children.length > 0 && !including.includes('children')) throw refused('children', target, children);
  const snapshots = tree.filter(({ name, kind }) => kind === 'snapshot' && name !== target);
  if (snapshots.length > 0 && !including.includes('snapshots')) throw refused('snapshots', target, snapshots);
  const doomed = tree
    .filter(({ kind }) => kind !== 'bookmark')
    .map(({ name, guid, properties }) => ({ name, guid, origin: properties['origin']?.value }));
  const names = new Set(doomed.map(({ name }) => name));
  const clones = pool.filter(
    ({ name, properties }) => !names.has(name) && names.has(properties['origin']?.value ?? ''),
  );
  const { order, stuck } = destroyOrder(doomed);
  if (clones.length + stuck.length > 0) {
    const which = [...clones, ...stuck].map(({ name }) => name);
    throw new StepError(
      'zfs.has-clones',
      `${target} has clones, which live on its snapshots: ${some(which)}`,
      `Make each independent, and look again: zfs promote '${which[0]}'`,
    );
  }
  await refuseHolds(host, input, tree);
  return order.map(({ name, guid }) => ({ name, guid }));
}

function refused(what: 'children' | 'snapshots', target: string, found: readonly ZfsEntry[]): StepError {
  return new StepError(
    what === 'children' ? 'zfs.has-children' : 'zfs.has-snapshots',
    `${target} has ${found.length} ${what} that would go with it: ${some(found.map(({ name }) => name))}`,
    `Look at them. Where they may go too: including: ['${what}']`,
  );
}

/** @throws StepError `zfs.is-held` for a hold that may not be released */
async function refuseHolds(host: Host, input: Input, entries: readonly ZfsEntry[]): Promise<void> {
  for (const { name, kind } of entries) {
    if (kind !== 'snapshot') continue;
    const holds = await holdsOf(host, name);
    // Where tags cannot be read, releasing those that may go shows whether there are others.
    const others = holds.filter((tag) =>
      tag === undefined ? input.release === undefined : !input.release?.includes(tag),
    );
    if (others.length === 0) continue;
    throw new StepError(
      'zfs.is-held',
      `${name} is held by ${others.map((tag) => tag ?? 'somebody').join(', ')}`,
      `Find out who needs it. Where it may go: release: ['${others[0] ?? 'TAG'}']`,
    );
  }
}
