import {
  asidePrefix,
  copyLogFile,
  quoted,
  readCopyLogHeader,
  restoreLook,
  sameFolder,
  sshCommand,
} from '../../copy/index.ts';
import { StepError } from '../../errors.ts';
import { sh, type Command, type UndoContext } from '../../runbook/index.ts';
import type { GivenCopyInput } from './copy-input.ts';
import { refuseOpenCopy } from './copy-open.ts';
import { refuseShownElsewhere } from './copy-shown.ts';
import type { Side, Sides } from './copy-sides.ts';
import type { CopyCaptured } from './copy-state.ts';

type Context = UndoContext<unknown, unknown, GivenCopyInput, CopyCaptured>;

/** Whether the tree that was copied stands in its place. */
export async function isTheSource(
  from: Side,
  { source: copied }: Pick<CopyCaptured, 'source'>,
): Promise<boolean> {
  const source = await from.identify();
  // Device numbers may change at a boot.
  return source?.inode === copied.inode && !(await from.isEmpty());
}

/**
 * Whether nothing of the copy is left.
 *
 * @throws StepError `copy.undo-other-target`
 */
export async function isGone({ to }: Sides, { input, captured }: Context): Promise<boolean> {
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

/**
 * Only the very folder that this run filled, shown nowhere else, with the source in its place.
 *
 * @throws StepError `copy.undo-other-target`, `copy.undo-target-in-use`, `copy.undo-source-lost`
 */
export async function refuseWrongTarget(sides: Sides, { input, captured }: Context): Promise<void> {
  const { from, to } = sides;
  const isHere = from.far === undefined && to.far === undefined;
  const now = await to.identify();
  const log = copyLogFile(input.manifest);
  const header = readCopyLogHeader(log);
  const isOurs = header === undefined ? await to.isEmpty() : header.target.inode === now?.inode;
  if (now === undefined || !isOurs) {
    const lost = isHere && header === undefined ? ', or its log is lost' : '';
    throw new StepError(
      'copy.undo-other-target',
      `${to.place} is not the folder that this run filled${lost}, so nothing is removed`,
      `Mount it as it was, or look at what it holds; ${log} says which folder it was.`,
    );
  }
  const source = isHere ? await from.identify() : undefined;
  if (source !== undefined && sameFolder(source, now)) {
    throw new StepError(
      'copy.undo-target-in-use',
      `${from.place} shows the copy itself (${to.place} is mounted there), so removing the copy would remove what the machine lives on`,
      'Take that mount back first; when the system lives on it, by a reboot.',
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

// One program for all processes: a link at a time would take minutes.
const users = `
real=$(realpath -e -- "$1") || exit 0
pattern=$(printf '%s' "$real" | sed 's/[][*?\\\\]/\\\\&/g')
find /proc/[0-9]*/cwd /proc/[0-9]*/root /proc/[0-9]*/exe /proc/[0-9]*/fd -maxdepth 1 \\( -lname "$pattern" -o -lname "$pattern/*" \\) -printf '%p %l\\n' 2>/dev/null
exit 0`;

/** @throws StepError `copy.undo-target-in-use` */
export async function refuseOpen(to: Side): Promise<void> {
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

/** Removes what this run made, with the folders that it made for it; a folder that was there before is emptied. */
export async function removeCopy(to: Side, context: Context): Promise<void> {
  const { captured, exec } = context;
  if (to.far === undefined) await makeWritable(to, context);
  if (captured.target === 'absent') {
    await exec(onSide(to, ['rm', '-rf', '--one-file-system', '--', to.path]));
    for (const folder of captured.missing.toReversed())
      if (folder !== to.path && (await to.host.files.list(folder))?.length === 0)
        await to.host.files.remove(folder);
    return;
  }
  await exec(emptied(to));
  if (captured.look !== null) await restoreLookOf(to, captured.look, context);
}

/** An ordinary user removes nothing from a folder that may not be written, not even of his own. */
async function makeWritable(to: Side, { $, exec }: Context): Promise<void> {
  if ((await $`id -u`).stdout.trim() !== '0') await exec(sh`chmod -R u+rwX -- ${to.path}`);
}

/** Names may be of any bytes, so they are not listed here; what the file system made stays. */
function emptied(to: Side): Command {
  const tree = to.far === undefined ? '.' : to.path;
  const stays = ['lost+found', 'lost+found/*', `${asidePrefix}*`].flatMap((name) => [
    '!',
    '-path',
    `${tree}/${name}`,
  ]);
  const command = onSide(to, ['find', tree, '-xdev', '-mindepth', '1', ...stays, '-delete']);
  return to.far === undefined ? { ...command, cwd: to.path } : command;
}

async function restoreLookOf(
  to: Side,
  look: NonNullable<CopyCaptured['look']>,
  { exec }: Context,
): Promise<void> {
  if (to.far === undefined) {
    restoreLook(to.path, look);
    return;
  }
  const act = (argv: [string, ...string[]]) => exec(onSide(to, argv));
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
