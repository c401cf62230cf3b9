import { z } from 'zod';
import { StepError } from '../../errors.ts';
import type { Host } from '../../runbook/index.ts';
import { datasetName, poolOf } from '../zfs/names.ts';
import { readDatasetTree, type DatasetState } from './dataset-tree.ts';
import { isExcluded, replicaStandings, type ReplicaPlace, type ReplicaStanding } from './replica-standing.ts';
import { refuseReplication } from './syncoid.ts';

/** From where to where; both are in this machine. */
export const replicaInput = {
  source: datasetName,
  target: datasetName,
  exclude: z.array(datasetName).readonly().optional(),
};

export interface GivenPlace {
  readonly source: string;
  readonly target: string;
  readonly exclude?: readonly string[] | undefined;
}

/** @throws StepError `replication.same-pool` */
export function replicaPlace({ source, target, exclude = [] }: GivenPlace): ReplicaPlace {
  const within = poolOf(source) === poolOf(target);
  if (within || !target.includes('/')) {
    throw new StepError(
      'replication.same-pool',
      within
        ? `${target} lies in the same pool as ${source}, and would be lost with it`
        : `${target} is a pool's own dataset, which nothing can be received into without replacing it`,
      'Give a dataset in another pool, such as backup-pool/tank-replica.',
    );
  }
  return { source, target, exclude };
}

export interface ReplicationSurvey {
  readonly source: readonly DatasetState[];
  readonly target: readonly DatasetState[] | undefined;
  readonly standings: readonly ReplicaStanding[];
}

/**
 * Both sides as they are now.
 * @throws StepError `replication.no-source`, `replication.no-pool`, `replication.unhealthy`, `replication.zfs`
 */
export async function surveyReplication(host: Host, place: ReplicaPlace): Promise<ReplicationSurvey> {
  const source = await readDatasetTree(host, place.source);
  if (source === undefined)
    throw new StepError(
      'replication.no-source',
      `there is no dataset ${place.source}`,
      'Correct its name, or import its pool.',
    );
  await mustBeImported(host, place.target);
  const target = await readDatasetTree(host, place.target);
  return { source, target, standings: replicaStandings(source, target, place) };
}

/** syncoid makes its snapshot of the source also when nothing can receive it, and each try leaves one more. */
async function mustBeImported(host: Host, target: string): Promise<void> {
  const pool = poolOf(target);
  const argv = ['zpool', 'list', '-H', '-o', 'health', pool] as const;
  const { stdout, stderr, exitCode } = await host.exec({ argv }, { anyExit: true });
  if (exitCode !== 0) refuseReplication('no-pool', stderr.trim(), target);
  if (['ONLINE', 'DEGRADED'].includes(stdout.trim())) return;
  throw new StepError(
    'replication.unhealthy',
    `the pool ${pool} is ${stdout.trim()}`,
    `See what it lacks: zpool status ${pool}`,
  );
}

/**
 * Bytes that a first replication takes at the most, and what the target's pool has left.
 */
export async function roomFor(
  host: Host,
  { source, target, exclude }: ReplicaPlace,
): Promise<{ needed: number; available: number }> {
  const parent = target.slice(0, target.lastIndexOf('/'));
  const used = await bytes(host, 'used', source);
  const excluded = await Promise.all(
    exclude.filter((one) => isExcluded(one, [source])).map((one) => bytes(host, 'used', one)),
  );
  const left = excluded.reduce<number>((sum, one) => sum + (one ?? 0), 0);
  return {
    needed: Math.max(0, (used ?? 0) - left),
    available: (await bytes(host, 'available', parent)) ?? 0,
  };
}

/** A property in bytes; `undefined` where the dataset does not exist. */
async function bytes(host: Host, property: string, dataset: string): Promise<number | undefined> {
  const argv = ['zfs', 'get', '-H', '-p', '-o', 'value', property, dataset] as const;
  const { stdout, exitCode } = await host.exec({ argv }, { anyExit: true });
  return exitCode === 0 ? Number(stdout.trim()) : undefined;
}
