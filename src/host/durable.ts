import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** Makes the entries of a folder survive a power cut: what was created, renamed or removed in it. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Replaces a file in one step: after a power cut there is the old content or the new, never a mixture.
 *
 * @param prepare gives the new file its mode, owner and attributes, before the content is written.
 */
export async function replaceDurably(
  path: string,
  content: string | Uint8Array,
  prepare: (temporary: string, handle: FileHandle) => Promise<void>,
): Promise<void> {
  // One name for ever, so that what a power cut leaves is replaced by the next try.
  const temporary = join(dirname(path), `.${basename(path)}.migrate-new`);
  await rm(temporary, { force: true });
  const handle = await open(temporary, 'wx', 0o600);
  try {
    await prepare(temporary, handle);
    await handle.writeFile(content);
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

/** Creates a folder and its missing parents, each one durable; resolves to those created, outermost first. */
export async function makeFolderDurably(folder: string, mode?: number): Promise<readonly string[]> {
  try {
    await mkdir(folder, mode === undefined ? {} : { mode });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && dirname(folder) !== folder) {
      const parents = await makeFolderDurably(dirname(folder), mode);
      return [...parents, ...(await makeFolderDurably(folder, mode))];
    }
    if (code !== 'EEXIST') throw error;
    // A process killed right after the creation has not synced it.
    await syncFolder(dirname(folder));
    return [];
  }
  if (mode !== undefined) {
    // The umask has taken bits away.
    const handle = await open(folder, 'r');
    await handle.chmod(mode).finally(() => handle.close());
  }
  await syncFolder(dirname(folder));
  return [folder];
}
