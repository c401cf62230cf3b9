import { mountAt, sh, type Host } from '../../runbook/index.ts';
import { childrenOf, localProperties, readDataset, type Dataset } from './datasets.ts';
import { StepError } from '../../errors.ts';
import { changed, type SwapStanding } from './swap-folder.ts';
import type { Working } from './time-limit.ts';

/** Renames by which one dataset takes the place of another, told apart by their GUIDs. */
export interface DatasetSwap {
  readonly path: string;
  readonly dataset: string;
  /** GUID of the dataset that has the name now; `null` when none has. */
  readonly live: string | null;
  /** What was set on it, and is set on the other. */
  readonly properties: Readonly<Record<string, string>>;
  readonly staged: { readonly dataset: string; readonly guid: string; readonly clone: boolean };
  /** The name under which what is there now stays. */
  readonly aside: string;
}

export async function datasetStanding(host: Host, swap: DatasetSwap): Promise<SwapStanding> {
  const [at, waits, gone] = [
    await readDataset(host, swap.dataset),
    await readDataset(host, swap.staged.dataset),
    await readDataset(host, swap.aside),
  ];
  const { live, staged } = swap;
  if (at?.guid === staged.guid) return (await isFinished(host, swap, at)) ? 'done' : 'partial';
  if (waits?.guid !== staged.guid) {
    return { unknown: `what was restored is neither ${staged.dataset} nor ${swap.dataset}` };
  }
  if (live === null) return at === undefined ? 'not-started' : { unknown: other(swap) };
  if (at?.guid === live) return at.canmount === 'noauto' ? 'partial' : 'not-started';
  if (at === undefined && gone?.guid === live) return 'partial';
  return { unknown: other(swap) };
}

function other({ dataset }: DatasetSwap): string {
  return `${dataset} is not the dataset that had this name when the restore began`;
}

async function isFinished(host: Host, swap: DatasetSwap, at: Dataset): Promise<boolean> {
  const seen = mountAt(await host.mounts(), swap.path)?.source;
  return (
    seen === swap.dataset && at.canmount === 'on' && at.mountPoint === swap.path && !isCloneOf(at, swap.aside)
  );
}

/** @throws StepError `restore.changed`, `restore.children`, `restore.shown-elsewhere`, `restore.not-mounted`, and `command.failed` of a busy mount */
export async function swapDataset(context: Working, swap: DatasetSwap): Promise<void> {
  const { exec, host, note } = context;
  const standing = await datasetStanding(host, swap);
  if (standing === 'done') return;
  if (typeof standing === 'object') throw changed(standing.unknown);
  const { dataset, staged, aside, path, live } = swap;
  if (live !== null && (await readDataset(host, dataset))?.guid === live) {
    const children = await childrenOf(host, dataset);
    if (children.length > 0) {
      throw new StepError(
        'restore.children',
        `${dataset} holds ${children.join(', ')}, which would go aside with it`,
        'Bring this one back by hand; see docs/preseed.md.',
      );
    }
    await refuseShownElsewhere(host, swap);
    await note('moves the dataset that is there aside', { dataset, aside, guid: live });
    // A rename takes its clones' mounts away for a moment, and cannot where one is mounted.
    await unmount(context, staged.dataset);
    await unmount(context, dataset);
    // First, or both would want the same mount point at the next boot.
    await exec(sh`zfs set canmount=noauto ${dataset}`);
    await rename(context, dataset, aside);
  }
  if ((await readDataset(host, staged.dataset))?.guid === staged.guid) {
    await note('gives what was restored its name', { from: staged.dataset, to: dataset });
    await unmount(context, staged.dataset);
    await rename(context, staged.dataset, dataset);
  }
  const has = await localProperties(host, dataset);
  for (const [name, value] of Object.entries(swap.properties)) {
    if (has[name] !== value) await exec(sh`zfs set ${`${name}=${value}`} ${dataset}`);
  }
  const found = await readDataset(host, dataset);
  // The history of snapshots comes to the one that lives, and what is aside can be destroyed some day.
  if (found !== undefined && isCloneOf(found, aside)) await exec(sh`zfs promote ${dataset}`);
  await unmountIfElsewhere(context, swap);
  if (found?.mountPoint !== path) await exec(sh`zfs set ${`mountpoint=${path}`} ${dataset}`);
  if (found?.canmount !== 'on') await exec(sh`zfs set canmount=on ${dataset}`);
  if (mountAt(await host.mounts(), path)?.source !== dataset) await exec(sh`zfs mount ${dataset}`);
  await exec(sh`sync -f ${path}`);
  if (await isFinished(host, swap, (await readDataset(host, dataset)) ?? ({} as Dataset))) return;
  throw new StepError('restore.not-mounted', `${dataset} has its name, and is not mounted at ${path}`);
}

/** A bind mount would go on to show what was put aside, and the service with it. */
async function refuseShownElsewhere(host: Host, { dataset, path }: DatasetSwap): Promise<void> {
  const points = (await host.mounts())
    .filter(({ source, point }) => source === dataset && point !== path)
    .map(({ point }) => point);
  if (points.length === 0) return;
  throw new StepError(
    'restore.shown-elsewhere',
    `${dataset} is shown at ${points.join(', ')} too, where the lost data would stay after the swap`,
    'Stop what uses it and unmount that (umount); resume; and mount it again before the service starts.',
  );
}

/** Puts the dataset that was there back, and keeps what was restored, with whatever was written to it since. */
export async function swapDatasetBack(context: Working, swap: DatasetSwap, undone: string): Promise<void> {
  const { exec, host } = context;
  const { dataset, staged, aside, path, live } = swap;
  if ((await readDataset(host, dataset))?.guid === staged.guid) {
    await unmount(context, dataset);
    await exec(sh`zfs set canmount=noauto ${dataset}`);
    await rename(context, dataset, undone);
  }
  if (live === null) return;
  if ((await readDataset(host, aside))?.guid === live) await rename(context, aside, dataset);
  await exec(sh`zfs set canmount=on ${dataset}`);
  if (mountAt(await host.mounts(), path)?.source !== dataset) await exec(sh`zfs mount ${dataset}`);
}

/** Milliseconds after an unmount for which ZFS may still hold a dataset; zfs-fuse does. */
const lettingGoMs = [100, 200, 400, 800, 1_600];

/** @throws StepError `command.failed` */
async function rename({ exec, host, signal }: Working, from: string, to: string): Promise<void> {
  const command = sh`zfs rename ${from} ${to}`;
  for (const wait of lettingGoMs) {
    const { exitCode, stderr } = await exec(command, { anyExit: true });
    if (exitCode === 0) return;
    if (!/busy/i.test(stderr)) break;
    await host.clock.sleep(wait, signal);
  }
  await exec(command);
}

function isCloneOf({ origin }: Dataset, dataset: string): boolean {
  return origin.startsWith(`${dataset}@`);
}

async function unmount({ exec, host }: Working, dataset: string): Promise<void> {
  if ((await host.mounts()).some(({ source }) => source === dataset)) await exec(sh`zfs unmount ${dataset}`);
}

async function unmountIfElsewhere(context: Working, { dataset, path }: DatasetSwap): Promise<void> {
  const points = (await context.host.mounts()).filter(({ source }) => source === dataset);
  if (points.some(({ point }) => point !== path)) await unmount(context, dataset);
}
