import { chmodSync, lstatSync, unlinkSync } from 'node:fs';
import { absolute, parentOf, type BytePath } from './byte-path.ts';

/** Removes one file, also from a folder that its owner may not write; rsync puts the folder right again. */
export function removeFile(root: string, path: BytePath): void {
  try {
    unlinkSync(absolute(root, path));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return;
    if (code !== 'EACCES') throw error;
    const folder = absolute(root, parentOf(path));
    chmodSync(folder, (lstatSync(folder).mode & 0o7777) | 0o200);
    unlinkSync(absolute(root, path));
  }
}
