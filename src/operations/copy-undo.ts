import {
  copyLogFile,
  CopyLog,
  findManifest,
  identify,
  readCopyLogHeader,
  restoreLook,
  sameFolder,
  checkSource,
  isEmpty,
  laterWrites,
} from '../copy/index.ts';
import { StepError } from '../errors.ts';
import { sh, type ActContext } from '../runbook/index.ts';
import type { CopyInput } from './copy-input.ts';
import type { CopyCaptured } from './copy-state.ts';
import { refuseShownElsewhere } from './copy-shown.ts';
import { requireMounted } from './require-mount.ts';

type Context = ActContext<unknown, unknown, CopyInput, CopyCaptured>;

/**
 * Takes a copy back: removes what this run made, and nothing else, once the source is seen to be whole.
 *
 * @throws StepError `copy.undo-other-target`, `copy.undo-target-in-use`, `copy.undo-source-lost`,
 *   `copy.undo-holds-news` unless `laterWrites` is `discard`
 */
export async function undoCopy(context: Context): Promise<void> {
  const { host, input, captured, log } = context;
  const { to, expectMount } = input;
  if (expectMount !== undefined) await requireMounted(host, expectMount);
  if (captured.target === 'ours' || captured.target === 'existing') {
    await distrust(context);
    log(
      `${to} is left as it is: ${captured.target === 'ours' ? 'an earlier pass made it' : 'it held something before this run'}`,
    );
    return;
  }
  if (await isGone(context)) return forget(context);
  await refuseWrongTarget(context);
  if (await holdsNews(context)) {
    await distrust(context);
    throw new StepError(
      'copy.undo-holds-news',
      `${to} holds what ${input.from} does not, so it is kept until somebody decides`,
      `What it is stands in the log of this step. Carry it back, or remove ${to}, and roll back again; or keep it, and settle this step as undone.`,
    );
  }
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

/** Whether the copy holds what the source does not, and may therefore not go. */
async function holdsNews({ input, signal, log }: Context): Promise<boolean> {
  const { from, to } = input;
  const manifest = findManifest(input.manifest) ?? findManifest(putAside(input.manifest));
  // Without one no final pass ended, so nothing could be switched over to the copy.
  if (manifest === undefined) return false;
  const source = await checkSource(manifest, from, signal);
  if (source.damaged.length > 0) {
    throw new StepError(
      'copy.undo-source-lost',
      `files of ${from} are damaged, so the copy stays: ${some(source.damaged)} hold something else than when they were copied, under the same size and time`,
      `Copy them back from ${to}, and roll back again.`,
    );
  }
  const news = await laterWrites(manifest, to, signal);
  if (source.missing.length > 0) log(`the copy alone holds ${some(source.missing)}`);
  if (news.length > 0) log(`written to the copy since: ${some(news)}`);
  return (source.missing.length > 0 || news.length > 0) && input.laterWrites !== 'discard';
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
  const lost = ['./lost+found', './lost+found/*'];
  await exec(
    sh.with({ cwd: to })`find . -xdev -mindepth 1 ! -path ${lost[0] ?? ''} ! -path ${lost[1] ?? ''} -delete`,
  );
  if (captured.look !== null) restoreLook(to, captured.look);
}

/** An ordinary user removes nothing from a folder that may not be written, not even of his own. */
async function makeWritable({ $, exec, input }: Context): Promise<void> {
  if ((await $`id -u`).stdout.trim() !== '0') await exec(sh`chmod -R u+rwX -- ${input.to}`);
}

/** A later final pass then reads all of the target again. */
async function distrust({ host, input, run }: Context): Promise<void> {
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

async function forget({ host, input }: Context): Promise<void> {
  // The log last: it says whose the target is.
  await host.files.remove(input.manifest);
  await host.files.remove(putAside(input.manifest));
  await host.files.remove(copyLogFile(input.manifest));
}

/** Where a manifest lies that is not believed any more. */
export function putAside(manifest: string): string {
  return `${manifest}.undone`;
}

function some(paths: readonly string[]): string {
  const shown = paths.slice(0, 3).join(', ');
  return paths.length > 3 ? `${shown} and ${paths.length - 3} more` : shown;
}
