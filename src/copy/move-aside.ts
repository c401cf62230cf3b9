import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmdirSync,
} from 'node:fs';
import { basename, dirname } from 'node:path';
import { StepError, messageOf } from '../errors.ts';
import { absolute, parentOf, showPath, type BytePath } from './byte-path.ts';
import type { Doomed } from './removal.ts';

export interface Moving {
  /** The tree, which lies in the same folder as `trash`. */
  readonly root: string;
  readonly doomed: readonly Doomed[];
  readonly trash: string;
  /** Inode of the tree. */
  readonly inode: string;
}

/**
 * Renames everything doomed into a folder beside the tree, under the same relative names: quick, and
 * taken back by `moveBack` as long as nothing is deleted.
 *
 * It works in opened folders, whatever becomes of their paths meanwhile, and looks at each inode again
 * after its rename: what is another by then goes back.
 *
 * @throws StepError `remove.busy`, `remove.cannot-rename`, `remove.replaced`
 */
export function moveAside({ root, doomed, trash, inode }: Moving): void {
  const parent = openFolder(dirname(root));
  try {
    const aside = `${parent.path}/${basename(trash)}`;
    const [whole] = doomed;
    if (whole?.path === '.') {
      const name = Buffer.from(`${parent.path}/${basename(root)}`);
      renameOne({ from: name, to: Buffer.from(aside), inode: whole.inode, shown: root });
      return;
    }
    const tree = openFolder(`${parent.path}/${basename(root)}`, inode, root);
    try {
      makeTrash(aside, trash);
      const made = new Set<BytePath>(['.']);
      for (const one of doomed) {
        const folder = parentOf(one.path);
        if (!made.has(folder)) mkdirSync(absolute(aside, folder), { mode: 0o700, recursive: true });
        made.add(folder);
        renameOne({
          from: absolute(tree.path, one.path),
          to: absolute(aside, one.path),
          inode: one.inode,
          shown: `${showPath(one.path)} in ${root}`,
        });
      }
    } finally {
      tree.close();
    }
  } finally {
    parent.close();
  }
}

/**
 * Puts what was moved aside back in its place, where nothing else stands there by now.
 *
 * @returns whether all of it is back
 */
export function moveBack({ root, doomed, trash, inode }: Moving): boolean {
  const parent = openFolder(dirname(root));
  try {
    const aside = `${parent.path}/${basename(trash)}`;
    const place = `${parent.path}/${basename(root)}`;
    if (!isThere(aside)) return true;
    if (doomed[0]?.path === '.') return backOne(aside, place);
    const tree = openFolder(place, inode, root);
    try {
      for (const { path } of doomed) backOne(absolute(aside, path), absolute(tree.path, path));
    } finally {
      tree.close();
    }
    const made = new Set(['.']);
    for (const { path } of doomed)
      for (let up = parentOf(path); !made.has(up); up = parentOf(up)) made.add(up);
    // The longest first, so that none is removed before what it holds.
    for (const folder of [...made].toSorted((one, other) => lengthOf(other) - lengthOf(one)))
      if (isThere(absolute(aside, folder)) && readdirSync(absolute(aside, folder)).length === 0)
        rmdirSync(absolute(aside, folder));
    return !isThere(aside);
  } finally {
    parent.close();
  }
}

function backOne(from: string | Buffer, to: string | Buffer): boolean {
  if (!isThere(from)) return true;
  if (isThere(to)) return false;
  renameSync(from, to);
  return true;
}

function lengthOf(path: BytePath): number {
  return path === '.' ? 0 : path.length;
}

function isThere(path: string | Buffer): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

interface Opened {
  /** Leads to the opened folder, wherever that is by now. */
  readonly path: string;
  close(): void;
}

function openFolder(folder: string, inode?: string, shown = folder): Opened {
  const fd = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  const found = String(fstatSync(fd, { bigint: true }).ino);
  if (inode !== undefined && found !== inode) {
    closeSync(fd);
    throw replaced(shown);
  }
  return { path: `/proc/self/fd/${fd}`, close: () => closeSync(fd) };
}

/** Somebody else's folder or a symlink under this name would make one move into, or delete, something else. */
function makeTrash(aside: string, shown: string): void {
  mkdirSync(aside, { mode: 0o700, recursive: true });
  const stat = lstatSync(aside);
  if (stat.isDirectory() && stat.uid === process.geteuid?.()) return;
  throw new StepError(
    'remove.cannot-rename',
    `${shown} is there already, and not a folder of this user`,
    'Look at what it is; it must be moved out of the way.',
  );
}

interface Rename {
  readonly from: Buffer;
  readonly to: Buffer;
  readonly inode: bigint;
  readonly shown: string;
}

function renameOne({ from, to, inode, shown }: Rename): void {
  try {
    if (isThere(to)) throw new Error(`${to.toString()} is there already`);
    renameSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EBUSY') {
      throw new StepError(
        'remove.busy',
        `${shown} is a mount point, although nothing shows here: a mount elsewhere covers it`,
        'To empty a folder that a mount covers, say leaveFolder: true; the mount goes on needing the folder.',
        error,
      );
    }
    throw new StepError(
      'remove.cannot-rename',
      `cannot move ${shown} aside: ${messageOf(error)}`,
      undefined,
      error,
    );
  }
  // Only now is it out of everybody's reach, so only now does its inode say what will be deleted.
  if (lstatSync(to, { bigint: true }).ino === inode) return;
  renameSync(to, from);
  throw replaced(shown);
}

function replaced(shown: string): StepError {
  return new StepError(
    'remove.replaced',
    `${shown} was replaced while it was about to be moved aside, so it stays`,
    'Somebody works there. Find out who, and resume.',
  );
}
