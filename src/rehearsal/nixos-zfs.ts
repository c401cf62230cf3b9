import { z } from 'zod';
import { UsageError } from '../errors.ts';
import type { NixosZfsPlan, NixosZfsService, RehearsalPlan, WorldDisk, WorldPool } from '../runbook/index.ts';

/** A user of the machine who owns a service's data; numbers as NixOS gives them. */
interface ServiceAccount {
  readonly user: string;
  readonly id: number;
}

export const serviceAccounts: Readonly<Record<NixosZfsService, ServiceAccount>> = {
  sonarr: { user: 'sonarr', id: 274 },
  radarr: { user: 'radarr', id: 275 },
  plex: { user: 'plex', id: 193 },
  'home-assistant': { user: 'hass', id: 286 },
  postgresql: { user: 'postgres', id: 71 },
};

const pool = z.strictObject({
  name: z.string().regex(/^[a-z][\w.-]*$/i),
  megabytes: z.int().min(64),
  datasets: z.record(z.string(), z.record(z.string(), z.string())).optional(),
});
const schema = z.strictObject({
  flake: z.string().startsWith('/'),
  host: z.string().regex(/^[\w-]+$/),
  services: z.array(z.enum(['sonarr', 'radarr', 'plex', 'home-assistant', 'postgresql'])).optional(),
  pools: z.array(pool).optional(),
  poolMegabytes: z.int().min(64).optional(),
  rows: z.int().min(0).optional(),
  seed: z.int(),
});

/** What a plan leaves to its defaults, filled in. */
export interface NixosZfsMachine extends NixosZfsPlan {
  readonly services: readonly NixosZfsService[];
  readonly pools: readonly WorldPool[];
  readonly rows: number;
  /** Holds the backup repository. */
  readonly nas: WorldDisk;
}

/** Where backups go. */
export const backups = {
  repository: '/mnt/nas/restic',
  passwordFile: '/etc/restic/nas-primary.password',
};

/**
 * The machine of a plan; undefined when it has none.
 *
 * @throws UsageError `world.plan` when the plan is no such machine
 */
export function nixosZfsMachine({ nixosZfs: plan, disks = [] }: RehearsalPlan): NixosZfsMachine | undefined {
  if (plan === undefined) return undefined;
  const read = schema.safeParse(plan);
  if (!read.success) {
    throw new UsageError(
      'world.plan',
      `the rehearsal's ZFS machine does not fit:\n${z.prettifyError(read.error)}`,
      'docs/rehearsal.md says what nixosZfs has.',
    );
  }
  const megabytes = plan.poolMegabytes ?? 256;
  // In the order of import, and so of mounting: zfs-fuse mounts what it imports, and what lies upon another comes later.
  const own: readonly WorldPool[] = [
    {
      name: 'rpool',
      megabytes,
      datasets: {
        rpool: {},
        'rpool/safe': { canmount: 'off', mountpoint: 'none' },
        'rpool/safe/persist': { mountpoint: '/persist' },
        'rpool/safe/home': { mountpoint: '/home' },
      },
    },
    {
      name: 'tank',
      megabytes,
      // A parent that is never mounted: at /persist it would cover what is there.
      datasets: { tank: {}, 'tank/persist': { canmount: 'off', mountpoint: '/persist' } },
    },
  ];
  const pools = [...own, ...(plan.pools ?? [])];
  const names = [...pools.map(({ name }) => name), 'nas', ...disks.map(({ name }) => name)];
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new UsageError('world.plan', `the rehearsal's ZFS machine has two disks ${JSON.stringify(twice)}`);
  }
  return {
    ...plan,
    services: plan.services ?? [],
    pools,
    rows: plan.rows ?? 200,
    nas: {
      name: 'nas',
      mountPoint: '/mnt/nas',
      uuid: '7e0c6a14-52d9-4b3f-8a61-90d3c5e2b7f4',
      megabytes: 512,
    },
  };
}
