import {
  asidePrefix,
  checkSource,
  copyLogFile,
  findManifest,
  firstPaths,
  laterWrites,
  quoted,
  readCopyLogHeader,
  restoreLook,
  showPath,
  sshCommand,
  type BytePath,
} from '../../copy/index.ts';
import { StepError } from '../../errors.ts';
import {
  isPlaceholder,
  type CapturedContext,
  type Command,
  type UndoContext,
  type UndoNeedAnswer,
} from '../../runbook/index.ts';
import { placeText } from '../far/far-place.ts';
import { requireMounted } from '../mounts/require-mount.ts';
import type { GivenCopyInput } from './copy-input.ts';
import { actMachine } from './copy-machine.ts';
import { putAside } from './copy-news.ts';
import { refuseOpenCopy } from './copy-open.ts';
import { refuseShownElsewhere } from './copy-shown.ts';
import { withSide, withSides, type Side, type Sides } from './copy-sides.ts';
import type { CopyCaptured } from './copy-state.ts';
import { distrust, forget } from './copy-undo.ts';

type Captured = CapturedContext<unknown, unknown, GivenCopyInput, CopyCaptured>;
type Context = UndoContext<unknown, unknown, GivenCopyInput, CopyCaptured>;

export const diskOfCopy = 'the disk of the copy';

/** Whether the copy can be reached, and lies on its disk. */
export async function farDiskNeed({ host, signal, input }: Captured): Promise<UndoNeedAnswer> {
  return withSide<UndoNeedAnswer>({ host, signal }, input.to, async (to) => {
    if (input.expectMount !== undefined) await requireMounted(to.host, input.expectMount);
    return true;
  });
}

/** Whether the tree that was copied can be reached, and stands in its place. */
export async function farTreeNeed({ host, signal, input, captured }: Captured): Promise<UndoNeedAnswer> {
  if (captured.target === 'ours' || captured.target === 'existing') return true;
  return withSide<UndoNeedAnswer>({ host, signal }, input.from, async (from) => {
    if (await isTheSource(from, captured)) return true;
    return `${from.place} is not the tree that was copied`;
  });
}

/**
 * Takes back a copy from or to another machine: removes what this run made, and nothing else, once the
 * source is read and found whole. What was written to the copy since is not carried back, so that a copy
 * which was written to stays.
 *
 * @throws StepError `copy.undo-other-target`, `copy.undo-target-in-use`, `copy.undo-source-lost`,
 *   `copy.undo-holds-news`, `far.*`
 */
export async function undoFarCopy(context: Context): Promise<void> {
  const { host, signal, run, input, captured, log } = context;
  const place = { host, signal, scratch: run.folder };
  if (captured.target === 'ours' || captured.target === 'existing') {
    // The next final pass would remove from the copy what was written to it since.
    await withSides(place, input, (sides) => refuseNews(sides, context, []));
    await distrust(context);
    log(`${placeText(input.to)} is left as it is: this pass did not make it`);
    return;
  }
  await withSides(place, input, async (sides) => {
    const { to } = sides;
    if (input.expectMount !== undefined) await requireMounted(to.host, input.expectMount);
    if (!(await isGone(sides, context))) {
      await refuseWrongTarget(sides, context);
      await refuseLoss(sides, context);
      await refuseOpen(to);
      await remove(to, context);
    }
  });
  await forget(context);
}

async function isTheSource(from: Side, captured: CopyCaptured): Promise<boolean> {
  const source = await from.identify();
  // Device numbers may change at a boot.
  return source?.inode === captured.source.inode && !(await from.isEmpty());
}

async function isGone({ to }: Sides, { input, captured }: Context): Promise<boolean> {
  if ((await to.identify()) === undefined) {
    if ((await to.host.files.stat(to.path)) === undefined) return true;
    throw new StepError(
      'copy.undo-other-target',
      `${to.place} is no folder any more`,
      'Look at what is there.',
    );
  }
  const begun = readCopyLogHeader(copyLogFile(input.manifest)) !== undefined;
  return captured.target === 'empty' && !begun && (await to.isEmpty());
}

async function refuseWrongTarget({ from, to }: Sides, { input, captured }: Context): Promise<void> {
  const now = await to.identify();
  const header = readCopyLogHeader(copyLogFile(input.manifest));
  const isOurs = header === undefined ? await to.isEmpty() : header.target.inode === now?.inode;
  if (!isOurs) {
    throw new StepError(
      'copy.undo-other-target',
      `${to.place} is not the folder that this run filled, so nothing is removed`,
      `Mount it as it was, or look at what it holds; ${copyLogFile(input.manifest)} says which folder it was.`,
    );
  }
  await refuseShownElsewhere(to.host, to.path);
  if (await isTheSource(from, captured)) return;
  throw new StepError(
    'copy.undo-source-lost',
    `${from.place} is not the tree that was copied, so the copy in ${to.place} may be the only one and stays`,
    'Bring the source back to its place (mount it), and roll back again.',
  );
}

/** Reads all of the source, and looks for what only the copy holds. */
async function refuseLoss({ from, to }: Sides, context: Context): Promise<void> {
  const { input, signal } = context;
  const manifest = findManifest(input.manifest) ?? findManifest(putAside(input.manifest));
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
  await refuseNews({ from, to }, context, source.missingPaths);
}

/** @param lost paths of the manifest that the source lacks */
async function refuseNews(
  { from, to }: Sides,
  { input, signal }: Context,
  lost: readonly BytePath[],
): Promise<void> {
  const manifest = findManifest(input.manifest) ?? findManifest(putAside(input.manifest));
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

// One program for all processes: a link at a time would take minutes.
const users = `
real=$(realpath -e -- "$1") || exit 0
pattern=$(printf '%s' "$real" | sed 's/[][*?\\\\]/\\\\&/g')
find /proc/[0-9]*/cwd /proc/[0-9]*/root /proc/[0-9]*/exe /proc/[0-9]*/fd -maxdepth 1 \\( -lname "$pattern" -o -lname "$pattern/*" \\) -printf '%p %l\\n' 2>/dev/null
exit 0`;

async function refuseOpen(to: Side): Promise<void> {
  if (to.far === undefined) {
    refuseOpenCopy(to.path);
    return;
  }
  const { stdout } = await to.far.shell.ask(users, [to.path]);
  const found = stdout.toString().trim().split('\n').filter(Boolean);
  if (found.length === 0) return;
  throw new StepError(
    'copy.undo-target-in-use',
    `processes use the copy in ${to.place}: ${found.slice(0, 5).join(', ')}`,
    'End or restart them, and roll back again.',
  );
}

async function remove(to: Side, context: Context): Promise<void> {
  const { captured, exec } = context;
  const act = (argv: [string, ...string[]]) => exec(onSide(to, argv));
  if (captured.target === 'absent') {
    await act(['rm', '-rf', '--one-file-system', '--', to.path]);
    for (const folder of captured.missing.toReversed())
      if (folder !== to.path && (await to.host.files.list(folder))?.length === 0)
        await to.host.files.remove(folder);
    return;
  }
  const stays = ['lost+found', 'lost+found/*', `${asidePrefix}*`].flatMap((name) => [
    '!',
    '-path',
    `${to.path}/${name}`,
  ]);
  await act(['find', to.path, '-xdev', '-mindepth', '1', ...stays, '-delete']);
  const { look } = captured;
  if (look === null) return;
  if (to.far === undefined) {
    restoreLook(to.path, look);
    return;
  }
  await act(['chown', `${look.uid}:${look.gid}`, to.path]);
  await act(['chmod', look.mode.toString(8).padStart(4, '0'), to.path]);
  await act(['touch', '-d', `@${secondsOf(look.mtimeNs)}`, to.path]);
}

function onSide(to: Side, argv: [string, ...string[]]): Command {
  if (to.far === undefined) return { argv };
  return { argv: [...sshCommand(to.far.access), argv.map(quoted).join(' ')] };
}

function secondsOf(ns: string): string {
  const digits = ns.padStart(10, '0');
  return `${digits.slice(0, -9)}.${digits.slice(-9)}`;
}

/** Another machine is not asked from a rescue shell. */
export function undoFarByHand({ input, captured }: Captured): readonly [] | string {
  if (!isPlaceholder(captured) && (captured.target === 'ours' || captured.target === 'existing')) return [];
  return `remove the copy in ${placeText(input.to)}, once ${placeText(input.from)} is seen to be whole and nothing was written to the copy since`;
}
