import {
  checkSource,
  findManifest,
  firstPaths,
  laterWrites,
  showPath,
  type BytePath,
} from '../../copy/index.ts';
import { StepError } from '../../errors.ts';
import type { UndoContext } from '../../runbook/index.ts';
import type { GivenCopyInput } from './copy-input.ts';
import { actMachine } from './copy-machine.ts';
import { putAside } from './copy-news.ts';
import type { Sides } from './copy-sides.ts';
import type { CopyCaptured } from './copy-state.ts';

type Context = UndoContext<unknown, unknown, GivenCopyInput, CopyCaptured>;

/**
 * Reads all of the source, and looks for what only the copy holds.
 *
 * @throws StepError `copy.undo-source-lost`, `copy.undo-holds-news`
 */
export async function refuseFarLoss({ from, to }: Sides, context: Context): Promise<void> {
  const { input, signal } = context;
  const manifest = manifestOf(input);
  if (manifest === undefined) return;
  const whole = actMachine(context, () => Promise.resolve());
  const source = await checkSource(manifest, from.path, { signal, whole, tree: from.tree });
  if (source.damaged.length > 0) {
    throw new StepError(
      'copy.undo-source-lost',
      `files of ${from.place} are damaged, so the copy stays: ${source.damaged.slice(0, 3).join(', ')}`,
      `Copy them back from ${to.place}, and roll back again.`,
    );
  }
  await refuseFarNews({ from, to }, context, source.missingPaths);
}

/**
 * Nothing is carried back from one machine to another: a copy that holds news stays.
 *
 * @param lost paths of the manifest that the source lacks
 * @throws StepError `copy.undo-holds-news`
 */
export async function refuseFarNews(
  { from, to }: Sides,
  { input, signal }: Context,
  lost: readonly BytePath[] = [],
): Promise<void> {
  const manifest = manifestOf(input);
  if (manifest === undefined || (await to.identify()) === undefined) return;
  const writes = await laterWrites(manifest, to.path, signal, to.tree);
  const gone = new Set(writes.filter(({ what }) => what === 'deleted').map(({ path }) => path));
  const news = [
    ...firstPaths(
      writes.filter(({ what }) => what !== 'deleted'),
      3,
    ),
    ...lost
      .filter((path) => !gone.has(path))
      .slice(0, 3)
      .map(showPath),
  ];
  if (news.length === 0) return;
  throw new StepError(
    'copy.undo-holds-news',
    `${to.place} holds what ${from.place} does not, such as ${news.slice(0, 3).join(', ')}, so it is kept`,
    'Between machines nothing is carried back by itself. Bring it back or remove it by hand, and roll back again; or keep the copy, and settle this step as undone.',
  );
}

function manifestOf({ manifest }: GivenCopyInput) {
  return findManifest(manifest) ?? findManifest(putAside(manifest));
}
