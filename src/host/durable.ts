import { createHash } from 'node:crypto';
import { chmod, type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** Makes the entries of a folder survive a power cut: what was created, renamed or removed in it. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } catch (error) {
    // A file system (9p, some of FUSE) that knows no syncing of folders.
    if (!['EINVAL', 'ENOTSUP'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  } finally {
    await handle.close();
  }
}

/**
 * Replaces a file in one step: after a power cut there is the old content or the new, never a mixture.
 *
 * @param prepare gives the new file its mode, owner and attributes, before the content is written.
 * @param finish gives it its time, after that
 */
export async function replaceDurably(
  path: string,
  content: string | Uint8Array,
  prepare: (temporary: string, handle: FileHandle) => Promise<void>,
  finish: (temporary: string) => Promise<void> = async () => {},
): Promise<void> {
  // One name for ever, so that what a power cut leaves is replaced by the next try.
  const temporary = join(dirname(path), temporaryName(basename(path)));
  await rm(temporary, { force: true });
  const handle = await open(temporary, 'wx', 0o600);
  try {
    await prepare(temporary, handle);
    await handle.writeFile(content);
    await finish(temporary);
    await handle.sync();
    await handle.close();
    await rename(temporary, path);
  } catch (error) {
    await handle.close().catch(() => {});
    await rm(temporary, { force: true }).catch(() => {});
    throw error;
  }
  await syncFolder(dirname(path));
}

// Bytes; of every file system that Linux writes.
const longestName = 255;

/** A long name leaves no room for more, and its hash is as much its own. */
function temporaryName(name: string): string {
  const plain = `.${name}.migrate-new`;
  if (Buffer.byteLength(plain) <= longestName) return plain;
  return `.${createHash('sha256').update(name).digest('hex')}.migrate-new`;
}

/**
 * Creates a folder and its missing parents, each one durable; resolves to those created, outermost first.
 *
 * @param mode of the folder itself; its parents follow the umask
 */
export async function makeFolderDurably(folder: string, mode?: number): Promise<readonly string[]> {
  const parents: string[] = [];
  let created = await tryMakeFolder(folder, mode);
  if (created === 'no-parent') {
    parents.push(...(await makeFolderDurably(dirname(folder))));
    created = await tryMakeFolder(folder, mode);
    // Such as /proc, where nothing can be created.
    if (created === 'no-parent') throw new Error(`no folder can be created in ${dirname(folder)}`);
  }
  if (created === 'made') {
    await syncFolder(dirname(folder));
    return [...parents, folder];
  }
  // A process killed right after the creation has not synced it. Others' folders cannot be, and need not.
  await syncFolder(dirname(folder)).catch(() => {});
  return parents;
}

async function tryMakeFolder(
  folder: string,
  mode: number | undefined,
): Promise<'made' | 'there' | 'no-parent'> {
  try {
    await mkdir(folder, mode === undefined ? {} : { mode });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return 'there';
    if (code === 'ENOENT' && dirname(folder) !== folder) return 'no-parent';
    throw error;
  }
  if (mode !== undefined) {
    // The umask has taken bits away.
    await chmod(folder, mode);
  }
  return 'made';
}
