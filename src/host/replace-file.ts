import type { FileHandle } from 'node:fs/promises';
import { lstat, readlink } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { StepError } from '../errors.ts';
import { replaceDurably } from './durable.ts';
import { exec } from './shell.ts';

const mostLinks = 40;
const newFileMode = 0o644;

/** Replaces a file's content; see `Files.replace`. A symlink stays, and the file that it names is replaced. */
export async function replaceFile(
  path: string,
  content: string,
  { mode, mtime }: { mode?: number; mtime?: string } = {},
): Promise<void> {
  const file = await endOfLinks(path);
  const old = await lstatIfThere(file);
  if (old !== undefined && !old.isFile()) {
    throw new StepError('files.kind', `cannot replace ${file}: it is not a regular file`);
  }
  const prepare = async (temporary: string, handle: FileHandle) => {
    if (old !== undefined) {
      await copyAttributes(file, temporary);
      await keepOwner(file, old, handle);
    }
    await handle.chmod(mode ?? (old === undefined ? newFileMode & ~umask() : old.mode & 0o7777));
  };
  await replaceDurably(file, content, prepare, async (temporary) => {
    // Node takes times as floating-point seconds, which cannot hold nanoseconds.
    if (mtime !== undefined) await exec({ argv: ['touch', '-m', `--date=@${mtime}`, '--', temporary] });
  });
}

async function endOfLinks(path: string): Promise<string> {
  let current = path;
  for (let count = 0; count < mostLinks; count += 1) {
    const found = await lstatIfThere(current);
    if (!found?.isSymbolicLink()) return current;
    current = resolve(dirname(current), await readlink(current));
  }
  throw new StepError('files.eloop', `cannot replace ${path}: its symlinks lead in a circle`);
}

/** Extended attributes and ACLs, which Node cannot reach. `all` lets through what the file system lacks. */
async function copyAttributes(from: string, to: string): Promise<void> {
  const copy = await exec(
    { argv: ['cp', '--attributes-only', '--preserve=all', '--', from, to] },
    { anyExit: true },
  );
  // Of a cp that knows no such option (busybox) nothing is asked; mode and owner are kept all the same.
  if (copy.exitCode !== 0 && !/unrecognized option|usage:/i.test(copy.stderr)) {
    throw new StepError('files.attributes', `cannot keep the attributes of ${from}: ${copy.stderr.trim()}`);
  }
}

async function keepOwner(file: string, old: { uid: number; gid: number }, handle: FileHandle): Promise<void> {
  const now = await handle.stat();
  if (now.uid === old.uid && now.gid === old.gid) return;
  try {
    await handle.chown(old.uid, old.gid);
  } catch (error) {
    throw new StepError(
      'files.owner',
      `cannot replace ${file}: its owner ${old.uid}:${old.gid} would change`,
      'Run this as its owner or as root.',
      error,
    );
  }
}

async function lstatIfThere(path: string) {
  try {
    return await lstat(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function umask(): number {
  return process.umask();
}
