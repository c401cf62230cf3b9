import { posix } from 'node:path';
import { z } from 'zod';
import { StepError } from '../../errors.ts';
import { mountAt, operation, type ActContext, type CapturedContext } from '../../runbook/index.ts';
import { dataPlace } from './data-place.ts';
import { localProperties, readDataset } from './datasets.ts';
import { lookAt } from './look-at.ts';
import { stagedData } from './stage-restore.ts';
import { clearHolder } from './staging.ts';
import { datasetStanding, swapDataset, swapDatasetBack, type DatasetSwap } from './swap-dataset.ts';
import { folderStanding, identityAt, swapFolder, swapFolderBack, type FolderSwap } from './swap-folder.ts';

const input = z.strictObject({
  ...dataPlace.shape,
  /** From `stageRestore`. */
  staged: stagedData,
});
type Input = z.output<typeof input>;

type Swap = ({ readonly kind: 'folder' } & FolderSwap) | ({ readonly kind: 'dataset' } & DatasetSwap);

/**
 * Lets restored data take its place, by renames alone: of two folders, or of two datasets, told apart by inode
 * or GUID. What was there is kept aside. Killed at any moment, it goes on, since each state in between is known
 * again. It refuses when data has come back meanwhile.
 *
 * Input: the place as for `lookForData`; `staged`, from `stageRestore`.
 * Output: `aside`, the folder or dataset where what was there is kept; null when nothing was there.
 * @throws StepError `restore.data-there`, `restore.changed`, `restore.mount-point`, `restore.children`,
 *   `restore.not-mounted`, `restore.not-whole`
 */
export const swapIn = operation({
  operation: 'swap-in',
  version: 1,
  reversal: 'undo',
  input,
  capture: (context) => planSwap(context),
  output: z.object({ aside: z.string().nullable() }),
  probe: async ({ host, input, captured }) => {
    const standing = await standingOf(host, captured);
    if (standing !== 'done') return standing;
    const swept = (await host.files.stat(input.staged.holder)) === undefined;
    return swept ? { done: { aside: asideOf(captured) } } : 'partial';
  },
  idempotent: true,
  describe: ({ captured }) =>
    `rename ${captured.live === null ? '' : `${placeOf(captured)} to ${captured.aside}, and `}${
      captured.kind === 'dataset' ? captured.staged.dataset : captured.staged.path
    } to ${placeOf(captured)}`,
  run: async (context) => {
    const { captured, host, input, run } = context;
    const begun = (await standingOf(host, captured)) !== 'not-started';
    const { state, why } = begun ? { state: 'absent', why: '' } : await lookAt(host, input, run.folder);
    if (state !== 'absent' && state !== 'partial') {
      throw new StepError(
        'restore.data-there',
        `the data at ${input.path} is ${state}, and nothing takes its place: ${why}`,
        'Somebody brought it back since it was missed, or it cannot be seen. Look at it; abort this run when all is well.',
      );
    }
    await (captured.kind === 'folder' ? swapFolder(context, captured) : swapDataset(context, captured));
    await clearHolder(context, input.staged);
    return { aside: asideOf(captured) };
  },
  verify: async ({ host, input, run }) => {
    const { state, why } = await lookAt(host, input, run.folder);
    if (state === 'present') return;
    throw new StepError('restore.not-whole', `the data at ${input.path} is ${state} after the swap: ${why}`);
  },
  undo: {
    describe: ({ captured }) =>
      `put what was at ${placeOf(captured)} back, and keep what was restored as ${undoneOf(captured)}`,
    run: async (context: ActContext<unknown, unknown, Input, Swap>) => {
      const { captured } = context;
      await (captured.kind === 'folder'
        ? swapFolderBack(context, captured, undoneOf(captured))
        : swapDatasetBack(context, captured, undoneOf(captured)));
    },
    breakGlass: ({ captured }) =>
      `With its service stopped, rename ${placeOf(captured)} out of the way, and ${captured.aside} to ${placeOf(captured)}, if they are there.`,
  },
});

async function planSwap({
  host,
  input,
  run,
}: Pick<CapturedContext<unknown, unknown, Input>, 'host' | 'input' | 'run'>): Promise<Swap> {
  const { path, dataset, staged } = input;
  if (dataset !== undefined) {
    if (staged.dataset === null || staged.guid === null) {
      throw new StepError('restore.changed', `what was restored for ${dataset} is no dataset`);
    }
    const live = await readDataset(host, dataset);
    return {
      kind: 'dataset',
      path,
      dataset,
      live: live?.guid ?? null,
      properties: live === undefined ? {} : await localProperties(host, dataset),
      staged: { dataset: staged.dataset, guid: staged.guid, clone: staged.clone },
      aside: `${dataset}-migrate-lost-${run.id}`,
    };
  }
  if (mountAt(await host.mounts(), path) !== undefined) {
    throw new StepError(
      'restore.mount-point',
      `${path} is a mount point, which no folder can take the place of`,
      'Name its dataset; or give a folder within that file system as the data folder.',
    );
  }
  return {
    kind: 'folder',
    path,
    live: (await identityAt(host, path)) ?? null,
    staged: { path: staged.path, device: staged.device, inode: staged.inode },
    aside: posix.join(posix.dirname(path), `.${posix.basename(path)}.migrate-lost-${run.id}`),
  };
}

function standingOf(host: CapturedContext['host'], swap: Swap) {
  return swap.kind === 'folder' ? folderStanding(host, swap) : datasetStanding(host, swap);
}

function placeOf(swap: Swap): string {
  return swap.kind === 'folder' ? swap.path : swap.dataset;
}

function asideOf(swap: Swap): string | null {
  return swap.live === null ? null : swap.aside;
}

function undoneOf(swap: Swap): string {
  return swap.aside.replace('migrate-lost-', 'migrate-undone-');
}
