import { z } from 'zod';
import { StepError } from '../../errors.ts';
import { mountAt, operation, type Host } from '../../runbook/index.ts';
import { datasetName, poolName, poolOf } from './names.ts';
import { mustSupport } from './supported.ts';
import { poolFill, zfsProperties } from './zfs.ts';

const percent = z.number().min(0).max(100);

const input = z
  .strictObject({
    pool: poolName.optional(),
    /** Instead of `pool`: the pool that this dataset is in, or will be in. */
    dataset: datasetName.optional(),
    /** The dataset beneath which others are to be made. */
    parent: datasetName.optional(),
    /** Properties that the pool must support. */
    properties: z.record(z.string().min(1), z.string()).optional(),
    /** Percent of the pool in use: told above the first (80), refused above the second (90). */
    capacity: z.strictObject({ warning: percent.optional(), critical: percent.optional() }).optional(),
    /** `accept` a pool that lacks a disk and still has all data. */
    degraded: z.enum(['refuse', 'accept']).optional(),
  })
  .refine(({ pool, dataset }) => (pool === undefined) !== (dataset === undefined), {
    error: 'expected either pool or dataset',
  });
type Input = z.output<typeof input>;

const output = z.object({
  pool: z.string(),
  guid: z.string(),
  health: z.string(),
  /** Percent in use. */
  capacity: z.number(),
  /** Bytes that datasets may still take. */
  available: z.number(),
  /** What does not stand in the way and should be known. */
  warnings: z.array(z.string()).readonly(),
});
type Output = z.output<typeof output>;

/**
 * Stops a run unless a pool is sound, has room, holds the parent dataset, and supports what is to be set.
 *
 * @throws StepError `zfs.no-pool`, `zfs.pool-unusable`, `zfs.degraded`, `zfs.capacity`, `zfs.no-parent`,
 *   `zfs.parent-shadows`, `zfs.unsupported`, `zfs.failed`
 */
export const zfsPool = operation({
  operation: 'zfs-pool',
  version: 1,
  reversal: 'readonly',
  input,
  output,
  idempotent: true,
  preview: async ({ host, input }) => {
    const found = await look(host, input);
    const { pool, health, capacity, available } = found;
    return {
      summary: [`the pool ${pool} is ${health} and ${capacity} % full`, ...found.warnings].join('; '),
      facts: { pool, health, capacity, available },
    };
  },
  describe: ({ input }) =>
    `check that the pool ${poolGiven(input)} is sound, has room, and supports what is asked of it`,
  run: ({ host, input }) => look(host, input),
});

function poolGiven({ pool, dataset }: Input): string {
  return pool ?? poolOf(dataset ?? '');
}

async function look(host: Host, input: Input): Promise<Output> {
  const pool = poolGiven(input);
  const { line, percent: capacity, available } = await poolFill(host, pool);
  const { guid, health } = line;
  const warnings: string[] = [];
  if (health === 'DEGRADED') {
    if (input.degraded !== 'accept') {
      throw new StepError(
        'zfs.degraded',
        `the pool ${pool} is DEGRADED: one more failing disk may lose all data`,
        `See zpool status ${pool}, replace the disk and let it resilver; or say degraded: 'accept'.`,
      );
    }
    warnings.push(`the pool ${pool} is DEGRADED`);
  }
  const { warning = 80, critical = 90 } = input.capacity ?? {};
  if (capacity > critical) {
    throw new StepError(
      'zfs.capacity',
      `the pool ${pool} is ${capacity} % full, and ${critical} is the limit; it stops writing a few percent before 100`,
      'Destroy what is not needed (snapshots hold what was deleted: zfs list -o space), or add disks.',
    );
  }
  if (capacity > warning) warnings.push(`the pool ${pool} is ${capacity} % full`);
  if (input.parent !== undefined) warnings.push(...(await lookAtParent(host, input.parent)));
  await mustSupport(host, pool, input.properties ?? {});
  return { pool, guid, health, capacity, available, warnings };
}

/** @throws StepError `zfs.no-parent`, `zfs.parent-shadows` */
async function lookAtParent(host: Host, parent: string): Promise<readonly string[]> {
  const found = await mustHaveParent(host, parent);
  const at = found.mountpoint.value;
  const warnings: string[] = [];
  if (at === 'legacy' || at === 'none')
    warnings.push(
      `what inherits the mountpoint ${at} of ${parent} is not mounted; each dataset needs its own`,
    );
  if (!at.startsWith('/') || found.canmount.value === 'off') return warnings;
  const there = mountAt(await host.mounts(), (await host.files.realPath(at)) ?? at);
  if (there === undefined || there.source === parent) return warnings;
  throw new StepError(
    'zfs.parent-shadows',
    `${parent} has the mountpoint ${at}, where ${there.source} is mounted: at some boot it would cover that`,
    `Have it mounted nowhere, only its children: zfs set canmount=off ${parent}`,
  );
}

/** @throws StepError `zfs.no-parent` */
export async function mustHaveParent(host: Host, parent: string) {
  const found = await zfsProperties(host, parent, ['mountpoint', 'canmount']);
  if (found !== undefined) return found;
  throw new StepError(
    'zfs.no-parent',
    `there is no dataset ${parent} to make others beneath`,
    `Make it, mounted nowhere itself: zfs create -p -o canmount=off -o mountpoint=none ${parent}`,
  );
}
