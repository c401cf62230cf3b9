import {
  lstat,
  readdir,
  readFile,
  readlink,
  realpath,
  rename,
  rmdir,
  stat,
  statfs,
  unlink,
} from 'node:fs/promises';
import type { BigIntStats } from 'node:fs';
import { dirname, isAbsolute } from 'node:path';
import { StepError, UsageError } from '../errors.ts';
import type { Files, FileStat, Space } from '../runbook/index.ts';
import { makeFolderDurably, syncFolder } from './durable.ts';
import { replaceFile } from './replace-file.ts';

/** The files of this machine. Every failure is a StepError that names the path and the cause. */
export const systemFiles: Files = {
  read: (path) => or(undefined, ['ENOENT', 'ENOTDIR'], 'read', path, () => readFile(path, 'utf8')),
  replace: (path, content, options = {}) =>
    attempt('replace', path, () => replaceFile(path, content, options)),
  stat: (path) =>
    or(undefined, ['ENOENT', 'ENOTDIR'], 'look at', path, async () =>
      fileStat(await lstat(path, { bigint: true })),
    ),
  readLink: (path) =>
    or(undefined, ['ENOENT', 'ENOTDIR', 'EINVAL'], 'read the link', path, () => readlink(path)),
  realPath: (path) => or(undefined, ['ENOENT', 'ENOTDIR'], 'resolve', path, () => realpath(path)),
  list: (path) =>
    or(undefined, ['ENOENT', 'ENOTDIR'], 'list', path, async () => (await readdir(path)).toSorted()),
  makeFolder: (path, options = {}) =>
    attempt('create the folder', path, async () => {
      const created = await makeFolderDurably(path, options.mode);
      if (!(await stat(path)).isDirectory()) throw new Error('something else is there');
      return created;
    }),
  rename: (from, to) =>
    attempt('rename', from, async () => {
      absolute(to);
      // The kernel would replace a file there without a word.
      if ((await systemFiles.stat(to)) !== undefined) {
        throw new StepError('files.exists', `cannot rename ${from} to ${to}: something is already there`);
      }
      await rename(from, to);
      await syncFolder(dirname(to));
      if (dirname(from) !== dirname(to)) await syncFolder(dirname(from));
    }),
  remove: (path) => attempt('remove', path, () => removeDurably(path)),
  space: (path) => attempt('measure the file system of', path, () => space(path)),
};

async function removeDurably(path: string): Promise<void> {
  try {
    if ((await lstat(path)).isDirectory()) await rmdir(path);
    else await unlink(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOTDIR') return;
    if (code !== 'ENOENT') throw error;
    if ((await systemFiles.stat(dirname(path)))?.kind !== 'folder') return;
  }
  // Also when it was gone: a process killed right after the removal has not synced it.
  await syncFolder(dirname(path));
}

function fileStat(found: BigIntStats): FileStat {
  return {
    kind: found.isFile()
      ? 'file'
      : found.isDirectory()
        ? 'folder'
        : found.isSymbolicLink()
          ? 'symlink'
          : 'other',
    size: Number(found.size),
    mode: Number(found.mode & 0o7777n),
    uid: Number(found.uid),
    gid: Number(found.gid),
    device: formatDevice(found.dev),
    inode: found.ino.toString(),
    links: Number(found.nlink),
    mtimeMs: Number(found.mtimeMs),
    mtime: seconds(found.mtimeNs),
    ctimeMs: Number(found.ctimeMs),
  };
}

function seconds(nanoseconds: bigint): string {
  const sign = nanoseconds < 0n ? '-' : '';
  const digits = String(nanoseconds < 0n ? -nanoseconds : nanoseconds).padStart(10, '0');
  return `${sign}${digits.slice(0, -9)}.${digits.slice(-9)}`;
}

/**
 * A device number as the mount table writes it; the bits lie as in gnu_dev_major(3). On btrfs each
 * subvolume has a device of its own that no mount table shows.
 */
export function formatDevice(device: bigint): string {
  const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & 0xfffff000n);
  const minor = (device & 0xffn) | ((device >> 12n) & 0xffffff00n);
  return `${major}:${minor}`;
}

async function space(path: string): Promise<Space> {
  const found = await statfs(path, { bigint: true });
  // Blocks are counted in fragments; `bsize` is only what transfers best, and differs on FUSE.
  const unit = found.frsize > 0n ? found.frsize : found.bsize;
  return {
    freeForUsers: Number(found.bavail * unit),
    freeForRoot: Number(found.bfree * unit),
    total: Number(found.blocks * unit),
    freeInodes: found.files === 0n ? Number.MAX_SAFE_INTEGER : Number(found.ffree),
  };
}

async function or<Value, Other>(
  other: Other,
  codes: readonly string[],
  doing: string,
  path: string,
  body: () => Promise<Value>,
): Promise<Value | Other> {
  return attempt(doing, path, async () => {
    try {
      return await body();
    } catch (error) {
      if (codes.includes((error as NodeJS.ErrnoException).code ?? '')) return other;
      throw error;
    }
  });
}

async function attempt<Value>(doing: string, path: string, body: () => Promise<Value>): Promise<Value> {
  absolute(path);
  try {
    return await body();
  } catch (error) {
    if (error instanceof StepError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    throw new StepError(
      `files.${code?.toLowerCase() ?? 'failed'}`,
      `cannot ${doing} ${path}: ${causes[code ?? ''] ?? message}`,
      undefined,
      error,
    );
  }
}

const causes: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EBUSY: 'it is in use, or a mount point',
  EISDIR: 'it is a folder',
  ELOOP: 'its symlinks lead in a circle',
  ENOENT: 'there is no such file or folder',
  ENOSPC: 'no space is left on its file system',
  ENOTDIR: 'a part of the path is no folder',
  ENOTEMPTY: 'it is not empty',
  EPERM: 'not permitted',
  EROFS: 'its file system is read-only',
  EXDEV: 'the two places lie on different file systems',
};

function absolute(path: string): void {
  if (!isAbsolute(path)) throw new UsageError('files.relative', `the path ${path} is not absolute`);
}
