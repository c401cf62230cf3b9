import {
  checkCopyInUse,
  findManifest,
  identify,
  isEmpty,
  sameFolder,
  type FolderIdentity,
} from '../../copy/index.ts';
import { MigrateError, messageOf } from '../../errors.ts';
import type { CapturedContext, Host, UndoNeed, UndoNeedAnswer } from '../../runbook/index.ts';
import { beneathMounts } from '../mounts/beneath-mounts.ts';
import type { CopyInput } from './copy-input.ts';
import { putAside } from './copy-news.ts';
import type { CopyCaptured } from './copy-state.ts';
import { diskOfCopy } from './far-undo.ts';
import { requireMounted } from '../mounts/require-mount.ts';

type Context = CapturedContext<unknown, unknown, CopyInput, CopyCaptured>;

/** Files of the old tree that are read before a rollback relies on it. */
const sampleFiles = 200;
/** Of those, how many may have been deleted in ordinary use. */
const missingFiles = 20;

/** What the undo of a copy relies on: the disk of the copy, and the old tree. */
export const copyNeeds: readonly UndoNeed<unknown, unknown, CopyInput, CopyCaptured>[] = [
  {
    name: diskOfCopy,
    check: async ({ host, input: { expectMount } }): Promise<UndoNeedAnswer> => {
      if (expectMount !== undefined) await requireMounted(host, expectMount);
      return true;
    },
  },
  { name: 'the old tree', check: oldTree },
];

async function oldTree(context: Context): Promise<UndoNeedAnswer> {
  const { host, input, captured, run } = context;
  const { from, to } = input;
  const copy = identify(to);
  // Nothing is left to remove, or it was not this pass that made it.
  if (copy === undefined || isEmpty(to)) return true;
  if (captured.target === 'ours' || captured.target === 'existing') return true;
  const source = identify(from);
  if (source?.inode === captured.source.inode && !sameFolder(source, copy)) return sound(context, from);
  // A mount covers it, as a rule the copy itself.
  const real = (await host.files.realPath(from)) ?? from;
  try {
    const exec: Host['exec'] = (command, options) => host.exec(command, options);
    return await beneathMounts({ exec, run }, async (root) => {
      const beneath = identify(root + real);
      if (beneath?.inode === captured.source.inode) return sound(context, root + real);
      return elsewhere(context, beneath);
    });
  } catch (thrown) {
    if (thrown instanceof MigrateError && thrown.code === 'beneath.cannot-look')
      return { later: `it lies beneath a mount, and ${thrown.message}` };
    throw thrown;
  }
}

async function elsewhere(
  { host, input: { from } }: Context,
  beneath: FolderIdentity | undefined,
): Promise<UndoNeedAnswer> {
  const root = (await host.files.stat('/'))?.device;
  // What lies on another file system than the root is not seen from there.
  if (beneath === undefined || (root !== undefined && beneath.device !== root))
    return { later: `${from} is covered by a mount` };
  return `${from} is not the tree that was copied, also beneath its mounts`;
}

/** Content of a sample against the manifest; what was used in the ordinary way counts as sound. */
async function sound({ input, run, signal }: Context, tree: string): Promise<UndoNeedAnswer> {
  const { from } = input;
  if (isEmpty(tree)) return `${from} is empty`;
  try {
    const manifest = findManifest(input.manifest) ?? findManifest(putAside(input.manifest));
    if (manifest === undefined) return true;
    const { files, missing, damaged } = await checkCopyInUse(
      manifest,
      tree,
      { files: sampleFiles, seed: run.id },
      { progress: () => {}, now: () => performance.now(), signal },
    );
    if (damaged.length > 0)
      return `${damaged.length} of ${files} sampled files are damaged, such as ${damaged[0]}`;
    if (missing.length > Math.max(missingFiles, files / 2))
      return `${missing.length} of ${files} sampled files are gone, such as ${missing[0]}`;
    return true;
  } catch (thrown) {
    signal.throwIfAborted();
    return messageOf(thrown);
  }
}
