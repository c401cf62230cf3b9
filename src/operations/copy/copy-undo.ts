import {
  asidePrefix,
  copyLogFile,
  CopyLog,
  identify,
  readCopyLogHeader,
  restoreLook,
  sameFolder,
  isEmpty,
  verifiedLogFile,
} from '../../copy/index.ts';
import { StepError } from '../../errors.ts';
import { sh, type UndoContext } from '../../runbook/index.ts';
import type { CopyInput } from './copy-input.ts';
import type { CopyCaptured } from './copy-state.ts';
import { forgetNews, putAside, refuseDamagedSource, settleNews } from './copy-news.ts';
import { refuseOpenCopy } from './copy-open.ts';
import { refuseShownElsewhere } from './copy-shown.ts';
import { requireMounted } from '../mounts/require-mount.ts';

type Context = UndoContext<unknown, unknown, CopyInput, CopyCaptured>;

/** What lies here of a copy to whatever machine. */
type Settling = Pick<Context, 'host' | 'run'> & { readonly input: Pick<CopyInput, 'manifest'> };

/**
 * Takes a copy back: removes what this run made, and nothing else, once the source is seen to be whole.
 *
 * @throws StepError `copy.undo-other-target`, `copy.undo-target-in-use`, `copy.undo-source-lost`,
 *   `copy.undo-holds-news` unless somebody has decided what becomes of it, and those of `settleNews`
 */
export async function undoCopy(context: Context): Promise<void> {
  const { host, input, captured, log } = context;
  const { to, expectMount } = input;
  if (expectMount !== undefined) await requireMounted(host, expectMount);
  if (captured.target === 'ours' || captured.target === 'existing') {
    // The next final pass would remove from the copy what was written to it since.
    if (identify(to) !== undefined) await settleNews(context);
    await distrust(context);
    log(
      `${to} is left as it is: ${captured.target === 'ours' ? 'an earlier pass made it' : 'it held something before this run'}`,
    );
    return;
  }
  if (await isGone(context)) return forget(context);
  await refuseWrongTarget(context);
  await refuseDamagedSource(context);
  if (!(await settleNews(context))) {
    await distrust(context);
    throw new StepError(
      'copy.undo-holds-news',
      `${to} holds what ${input.from} does not, so it is kept until somebody decides`,
      `What it is stands in the log of this step. Decide with --later-writes carry-back or --later-writes drop; or keep it, and settle this step as undone.`,
    );
  }
  refuseOpenCopy(to);
  // Until here all may be repeated; from here on the rest is removed whatever is left of it.
  await (captured.target === 'absent' ? removeFolder(context) : emptyFolder(context));
  await forget(context);
}

async function isGone({ host, input, captured }: Context): Promise<boolean> {
  const { to } = input;
  if (identify(to) === undefined) {
    if ((await host.files.stat(to)) === undefined) return true;
    throw new StepError('copy.undo-other-target', `${to} is no folder any more`, 'Look at what is there.');
  }
  return (
    captured.target === 'empty' && isEmpty(to) && readCopyLogHeader(copyLogFile(input.manifest)) === undefined
  );
}

/** Only the very folder that this run filled, shown nowhere else, with the source in its place. */
async function refuseWrongTarget({ host, input, captured }: Context): Promise<void> {
  const { from, to, manifest } = input;
  const now = identify(to);
  const header = readCopyLogHeader(copyLogFile(manifest));
  if (now === undefined || (header === undefined ? !isEmpty(to) : header.target.inode !== now.inode)) {
    throw new StepError(
      'copy.undo-other-target',
      `${to} is not the folder that this run filled${header === undefined ? ', or its log is lost' : ''}, so nothing is removed`,
      `Mount it as it was, or look at what it holds; ${copyLogFile(manifest)} says which folder it was.`,
    );
  }
  const source = identify(from);
  if (source !== undefined && sameFolder(source, now)) {
    throw new StepError(
      'copy.undo-target-in-use',
      `${from} shows the copy itself (${to} is mounted there), so removing the copy would remove what the machine lives on`,
      'Take that mount back first; when the system lives on it, by a reboot.',
    );
  }
  await refuseShownElsewhere(host, to);
  // Device numbers may change at a boot.
  if (source !== undefined && source.inode === captured.source.inode && !isEmpty(from)) return;
  throw new StepError(
    'copy.undo-source-lost',
    `${from} is not the tree that was copied, so the copy in ${to} may be the only one and stays`,
    'Bring the source back to its place (mount it), and roll back again.',
  );
}

async function removeFolder(context: Context): Promise<void> {
  const { host, input, captured, exec } = context;
  const { to } = input;
  await makeWritable(context);
  await exec(sh`rm -rf --one-file-system -- ${to}`);
  for (const folder of captured.missing.toReversed()) {
    if (folder !== to && (await host.files.list(folder))?.length === 0) await host.files.remove(folder);
  }
}

async function emptyFolder(context: Context): Promise<void> {
  const { input, captured, exec } = context;
  const { to } = input;
  await makeWritable(context);
  // Names may be of any bytes, so they are not listed here; what the file system made stays.
  const stays = ['./lost+found', './lost+found/*', `./${asidePrefix}*`].flatMap((path) => [
    '!',
    '-path',
    path,
  ]);
  await exec(sh.with({ cwd: to })`find . -xdev -mindepth 1 ${stays} -delete`);
  if (captured.look !== null) restoreLook(to, captured.look);
}

/** An ordinary user removes nothing from a folder that may not be written, not even of his own. */
async function makeWritable({ $, exec, input }: Context): Promise<void> {
  if ((await $`id -u`).stdout.trim() !== '0') await exec(sh`chmod -R u+rwX -- ${input.to}`);
}

/** A later final pass then reads all of the target again. */
export async function distrust({ host, input, run }: Settling): Promise<void> {
  const { manifest } = input;
  const header = readCopyLogHeader(copyLogFile(manifest));
  if (header !== undefined && header.owner === run.id) {
    const log = new CopyLog(copyLogFile(manifest), header);
    log.distrust('a pass was taken back');
    log.close();
  }
  if ((await host.files.stat(manifest)) === undefined) return;
  // Put aside: the undo of an earlier pass still asks it what was written since.
  await host.files.remove(putAside(manifest));
  await host.files.rename(manifest, putAside(manifest));
}

export async function forget({ host, input }: Settling): Promise<void> {
  // The log last: it says whose the target is.
  await host.files.remove(input.manifest);
  await host.files.remove(verifiedLogFile(input.manifest));
  await host.files.remove(putAside(input.manifest));
  await forgetNews({ host, input });
  await host.files.remove(copyLogFile(input.manifest));
}
