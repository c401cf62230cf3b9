import { lstat, readdir, readFile, readlink, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { StateError, messageOf } from '../errors.ts';
import { makeFolderDurably, replaceDurably, syncFolder } from './durable.ts';
import { systemFiles } from './files.ts';

/** In the target until `finishCopy`: nothing may be done with it before, and it may be overwritten. */
const unfinishedMark = '.migrate-copying';

/**
 * Copies a state folder durably and reads all of it back. Locks stay behind, and so do the claims,
 * which have a place of their own. Repeating a copy that was broken off completes it; it cannot be used
 * before `finishCopy`.
 *
 * @throws StateError `state.occupied` when something else is in the target, `state.copy-failed`.
 */
export async function copyState(from: string, to: string): Promise<void> {
  try {
    await begin(to);
    await copyFolder(from, to, true);
    await compareFolder(from, to, true);
  } catch (error) {
    if (error instanceof StateError) throw error;
    throw new StateError(
      'state.copy-failed',
      `the state in ${from} could not be copied to ${to}: ${messageOf(error)}`,
      `${from} is as it was and stays in use. Mend the cause and try again.`,
      error,
    );
  }
}

/** Lets a copy be used. */
export async function finishCopy(to: string): Promise<void> {
  await rm(join(to, unfinishedMark), { force: true });
  await syncFolder(to);
}

/** Whether a folder is a copy that was broken off. */
export async function isUnfinishedCopy(folder: string): Promise<boolean> {
  return (await systemFiles.stat(join(folder, unfinishedMark))) !== undefined;
}

async function begin(to: string): Promise<void> {
  await makeFolderDurably(to, 0o700);
  const names = await readdir(to);
  if (names.includes(unfinishedMark)) return;
  // A new file system has the first from the start; the second is a mark that a killed process had begun to write.
  const harmless = ['lost+found', `.${unfinishedMark}.migrate-new`];
  if (names.some((name) => !harmless.includes(name))) {
    throw new StateError(
      'state.occupied',
      `cannot move the state to ${to}: something is in there already`,
      'Give an empty folder, or one that does not exist yet.',
    );
  }
  await replaceDurably(join(to, unfinishedMark), '', async () => {});
}

async function copyFolder(from: string, to: string, top: boolean): Promise<void> {
  for (const { name, source, target, stat } of await entries(from, to, top)) {
    if (stat.isDirectory()) {
      await makeFolderDurably(target, stat.mode & 0o7777);
      await copyFolder(source, target, false);
    } else if (stat.isSymbolicLink()) {
      await rm(target, { force: true });
      await symlink(await readlink(source), target);
    } else if (stat.isFile()) {
      await replaceDurably(target, await readFile(source), (_, handle) => handle.chmod(stat.mode & 0o7777));
    } else {
      throw new Error(`${name} is neither a file, a folder nor a symlink`);
    }
  }
  await syncFolder(to);
}

async function compareFolder(from: string, to: string, top: boolean): Promise<void> {
  for (const { source, target, stat } of await entries(from, to, top)) {
    if (stat.isDirectory()) await compareFolder(source, target, false);
    else if (stat.isSymbolicLink()) demandSame(source, await readlink(source), await readlink(target));
    else demandSame(source, await readFile(source), await readFile(target));
  }
}

function demandSame(path: string, one: string | Buffer, other: string | Buffer): void {
  if (Buffer.from(one).equals(Buffer.from(other))) return;
  throw new Error(`the copy of ${path} differs, or it changed meanwhile`);
}

async function entries(from: string, to: string, top: boolean) {
  const names = (await readdir(from)).filter((name) => !staysBehind(name, top));
  return Promise.all(
    names.map(async (name) => {
      const source = join(from, name);
      return { name, source, target: join(to, name), stat: await lstat(source) };
    }),
  );
}

function staysBehind(name: string, top: boolean): boolean {
  if (/^lock\.\d+$|^\.lock-draft-|\.migrate-new$/.test(name)) return true;
  return top && (name === 'claims' || name === 'lost+found' || name === unfinishedMark);
}
