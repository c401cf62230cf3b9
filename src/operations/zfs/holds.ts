import { sh, type ActContext, type Host } from '../../runbook/index.ts';
import { snapshotsOf, zfsFailed, zfsProperties } from './zfs.ts';

/**
 * Tags of the holds of a snapshot. Where the installed ZFS only counts them, as zfs-fuse does, `undefined`
 * stands for each.
 * @throws StepError as zfsProperties
 */
export async function holdsOf(host: Host, snapshot: string): Promise<readonly (string | undefined)[]> {
  const count = Number((await zfsProperties(host, snapshot, ['userrefs']))?.userrefs.value ?? 0);
  if (!(count > 0)) return [];
  const told = await host.exec(sh`zfs holds -H ${snapshot}`, { anyExit: true });
  if (told.exitCode !== 0) return Array.from({ length: count }, () => undefined);
  // Name, tag and a date, between tabs.
  return told.stdout.split('\n').flatMap((line) => line.split('\t')[1] ?? []);
}

/** Whether a snapshot bears a hold, as far as the installed ZFS tells. */
export async function isHeld(host: Host, snapshot: string, tag: string): Promise<boolean> {
  const holds = await holdsOf(host, snapshot);
  return holds.includes(tag) || holds.includes(undefined);
}

/** Holds snapshots, also those that are held already. @throws StepError `zfs.failed` */
export async function hold(
  { exec }: Pick<ActContext, 'exec'>,
  tag: string,
  snapshots: readonly string[],
): Promise<void> {
  for (const snapshot of snapshots) {
    const command = sh`zfs hold ${tag} ${snapshot}`;
    const result = await exec(command, { anyExit: true });
    if (result.exitCode !== 0 && !/tag already exists/i.test(result.stderr)) throw zfsFailed(command, result);
  }
}

/** Lets snapshots go, also those that are not there or bear no such hold. @throws StepError `zfs.failed` */
export async function release(
  { exec }: Pick<ActContext, 'exec'>,
  tag: string,
  snapshots: readonly string[],
): Promise<void> {
  for (const snapshot of snapshots) {
    const command = sh`zfs release ${tag} ${snapshot}`;
    const result = await exec(command, { anyExit: true });
    if (result.exitCode !== 0 && !/no such tag|does not exist/i.test(result.stderr))
      throw zfsFailed(command, result);
  }
}

/** Releases a tag from all snapshots of a dataset. @throws StepError as zfsProperties */
export async function releaseAll(
  context: Pick<ActContext, 'exec' | 'host'>,
  tag: string,
  dataset: string,
): Promise<void> {
  const snapshots = await snapshotsOf(context.host, dataset, ['userrefs']);
  const held = snapshots.filter(({ properties }) => Number(properties['userrefs']?.value ?? 0) > 0);
  await release(
    context,
    tag,
    held.map(({ name }) => name),
  );
}
