import { StepError } from '../../errors.ts';
import { mountAt, sh, type ActContext, type Command } from '../../runbook/index.ts';
import { destroyOne } from '../zfs/destroy-one.ts';
import { markProperty, usablePool, zfsFailed, zfsList, zfsProperties } from '../zfs/zfs.ts';
import { poolOf } from '../zfs/names.ts';

/** A clone for one look, beside the dataset of its snapshot. */
export interface ProofClone {
  readonly snapshot: string;
  readonly guid: string;
  readonly clone: string;
  readonly mountPoint: string;
}

type Working = Pick<ActContext, 'exec' | 'host' | 'signal'>;

/** @throws StepError `postgres.other-snapshot`, `zfs.not-mounted`, `zfs.failed` */
export async function makeClone({ exec, host }: Working, one: ProofClone, mark: string): Promise<void> {
  const { snapshot, guid, clone, mountPoint } = one;
  await usablePool(host, poolOf(snapshot));
  const found = (await zfsProperties(host, snapshot, ['guid']))?.guid.value;
  if (found !== guid) {
    throw new StepError(
      'postgres.other-snapshot',
      found === undefined
        ? `there is no snapshot ${snapshot}`
        : `${snapshot} has the GUID ${found}, and ${guid} is meant`,
      'See who destroyed it: zpool history',
    );
  }
  const must = async (command: Command) => {
    const result = await exec(command, { anyExit: true });
    if (result.exitCode !== 0) throw zfsFailed(command, result);
  };
  // No boot mounts it, and whoever takes snapshots of all datasets leaves it alone.
  const properties = [
    'canmount=noauto',
    `mountpoint=${mountPoint}`,
    'com.sun:auto-snapshot=false',
    `${markProperty}=${mark}`,
  ];
  await must(sh`zfs clone ${properties.flatMap((each) => ['-o', each])} ${snapshot} ${clone}`);
  const seen = async () => mountAt(await host.mounts(), mountPoint)?.source === clone;
  // zfs-fuse mounts it at once, whatever canmount says.
  if (!(await seen())) await must(sh`zfs mount ${clone}`);
  if (await seen()) return;
  throw new StepError('zfs.not-mounted', `${clone} was mounted, and is not seen at ${mountPoint}`);
}

/** Destroys a clone that bears the mark, with what a timer may have taken of it. Nothing happens when there is none. */
export async function destroyClone(
  context: Working,
  { clone, mountPoint }: ProofClone,
  mark: string,
): Promise<void> {
  const { exec, host } = context;
  const entries = await zfsList(host, clone, { properties: [markProperty] });
  const own = entries.find(({ name }) => name === clone);
  if (own === undefined) return;
  const bears = own.properties[markProperty];
  if (bears?.source !== 'local' || bears.value !== mark) {
    throw new StepError(
      'zfs.other-dataset',
      `${clone} was not made by this step`,
      'See who made it: zpool history',
    );
  }
  for (const { name, guid, kind } of entries) if (kind === 'snapshot') await destroyOne(context, name, guid);
  if (mountAt(await host.mounts(), mountPoint)?.source === clone) await exec(sh`zfs unmount ${clone}`);
  await destroyOne(context, clone, own.guid);
}
