import { posix } from 'node:path';
import { StepError } from '../../errors.ts';
import { mountAt, sh, type Host, type RunInfo } from '../../runbook/index.ts';
import type { SourceKind } from './attempts.ts';
import type { DataPlace } from './data-place.ts';
import { destroyOne } from '../zfs/destroy-one.ts';
import { newestFirst, readDataset } from './datasets.ts';
import type { Working } from './time-limit.ts';

/** Where data is put together before it takes its place: on the same file system, and out of everybody's way. */
export interface Staging {
  /** A folder beside the data's, which root alone may enter. */
  readonly holder: string;
  /** In it; the mount point of the dataset, where there is one. */
  readonly root: string;
  /** A sibling of the data's dataset. */
  readonly dataset: string | undefined;
}

/** The names bear the run's id, so what bears them was made by this run. */
export function stagingOf(place: DataPlace, kind: SourceKind, { id }: Pick<RunInfo, 'id'>): Staging {
  const name = `.${posix.basename(place.path)}.migrate-${kind}-${id}`;
  const holder = posix.join(posix.dirname(place.path), name);
  return {
    holder,
    root: posix.join(holder, 'data'),
    dataset: place.dataset === undefined ? undefined : `${place.dataset}-migrate-${kind}-${id}`,
  };
}

/** @throws StepError `restore.no-parent` */
export async function makeHolder({ host }: Working, place: DataPlace, { holder }: Staging): Promise<void> {
  const parent = posix.dirname(place.path);
  if ((await host.files.stat(parent))?.kind !== 'folder') {
    throw new StepError('restore.no-parent', `there is no folder ${parent} to restore into`);
  }
  if ((await host.files.stat(holder)) === undefined) await host.files.makeFolder(holder, { mode: 0o700 });
}

/** Makes an empty dataset for a restore, mounted apart, unless this run has made it. @throws StepError `restore.not-mounted` */
export async function makeDataset(
  context: Working,
  { dataset, root }: { readonly dataset: string; readonly root: string },
  properties: Readonly<Record<string, string>>,
): Promise<void> {
  const { exec, host } = context;
  if ((await readDataset(host, dataset)) === undefined) {
    const set = Object.entries({ ...properties, canmount: 'noauto', mountpoint: root });
    await exec(sh`zfs create ${set.flatMap(([name, value]) => ['-o', `${name}=${value}`])} ${dataset}`);
  }
  await mountStaged(context, { dataset, root });
}

/** @throws StepError `restore.not-mounted` when it is not the dataset that one sees there afterwards */
export async function mountStaged(
  { exec, host }: Working,
  { dataset, root }: { readonly dataset: string; readonly root: string },
): Promise<void> {
  if (mountAt(await host.mounts(), root)?.source === dataset) return;
  await exec(sh`zfs mount ${dataset}`);
  if (mountAt(await host.mounts(), root)?.source === dataset) return;
  throw new StepError('restore.not-mounted', `${dataset} was mounted, and is not seen at ${root}`);
}

/** Removes what this run has put together for one source, and only that. */
export async function clearStaging(context: Working, staging: Staging): Promise<void> {
  const { exec, host } = context;
  const { holder, root, dataset } = staging;
  if (dataset !== undefined) await destroyStaged(context, dataset);
  if ((await host.files.stat(holder)) === undefined) return;
  await refuseMounts(host, holder);
  // What was restored may be read-only even for its owner, on file systems that mind it for root too.
  if ((await host.files.stat(root)) !== undefined) {
    await exec(sh`chmod -R u+rwX -- ${holder}`, { anyExit: true });
  }
  await exec(sh`rm -rf --one-file-system -- ${holder}`);
}

async function destroyStaged(context: Working, dataset: string): Promise<void> {
  const { exec, host } = context;
  const found = await readDataset(host, dataset);
  if (found === undefined) return;
  // With it goes what was received, and what a timer has taken of it meanwhile.
  for (const { name, guid } of await newestFirst(host, dataset)) await destroyOne(context, name, guid);
  if ((await host.mounts()).some(({ source }) => source === dataset)) await exec(sh`zfs unmount ${dataset}`);
  await destroyOne(context, dataset, found.guid);
}

/** @throws StepError `restore.in-use` */
async function refuseMounts(host: Host, holder: string): Promise<void> {
  const within = (await host.mounts()).find(
    ({ point }) => point === holder || point.startsWith(`${holder}/`),
  );
  if (within === undefined) return;
  throw new StepError(
    'restore.in-use',
    `${within.source} is mounted at ${within.point}, so ${holder} is not removed`,
    `Unmount it, and go on.`,
  );
}

/** What is left of a staging whose content has taken its place: an empty folder or none. */
export async function clearHolder(
  { exec, host }: Working,
  { holder }: Pick<Staging, 'holder'>,
): Promise<void> {
  if ((await host.files.stat(holder)) === undefined) return;
  await refuseMounts(host, holder);
  // Only folders, and only empty ones: whatever else is there, nobody knows of.
  await exec(sh`find ${holder} -xdev -depth -type d -empty -delete`);
}

/** @throws StepError `restore.no-room` */
export async function mustFit(host: Host, place: DataPlace, bytes: number, what: string): Promise<void> {
  const { freeForUsers } = await host.files.space(posix.dirname(place.path));
  // A pool slows down and stops shortly before it is full, with everything else on it.
  if (bytes * 1.03 <= freeForUsers) return;
  throw new StepError(
    'restore.no-room',
    `${what} holds ${bytes} bytes, and ${freeForUsers} are free beside ${place.path}`,
    'Make room first; the data that is there now is never overwritten.',
  );
}
