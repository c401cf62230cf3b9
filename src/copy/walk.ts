import { lstatSync, readdirSync, type BigIntStats } from 'node:fs';
import { StepError, messageOf } from '../errors.ts';
import { asidePrefix } from './aside.ts';
import { absolute, fromBytes, join, showPath, type BytePath } from './byte-path.ts';

/** What is asked of a path's inode, on this machine or another. */
export type Stat = Pick<
  BigIntStats,
  | 'ino'
  | 'dev'
  | 'mode'
  | 'nlink'
  | 'uid'
  | 'gid'
  | 'size'
  | 'blocks'
  | 'rdev'
  | 'mtimeNs'
  | 'ctimeNs'
  | 'isFile'
  | 'isDirectory'
  | 'isSymbolicLink'
  | 'isFIFO'
  | 'isSocket'
  | 'isCharacterDevice'
>;

export interface Found {
  readonly path: BytePath;
  readonly stat: Stat;
  /** What a symlink says, where that is known already. */
  readonly target?: BytePath;
}

export interface WalkOptions {
  /** Left out with all they hold. */
  readonly exclude?: ReadonlySet<BytePath> | undefined;
  /** Told of a folder on another file system, which is given but not entered. */
  readonly onOtherFileSystem?: (path: BytePath) => void;
  /** Told of what cannot be read, which is then left out with all it holds. Without it that ends the walk. */
  readonly onUnreadable?: (path: BytePath, error: StepError) => void;
}

/**
 * Everything in a tree, the root first, in the order of `comparePaths`, but what a rollback has put aside
 * in it; symlinks are not followed. It is
 * synchronous, since that is several times faster than promises: let the event loop run now and then.
 *
 * @throws StepError `copy.no-folder` when the root is none, `copy.cannot-read`, `copy.path-too-long`
 */
export function* walk(root: string, options: WalkOptions = {}): Generator<Found, void> {
  const top = look(root, '.');
  if (top === undefined || !top.isDirectory())
    throw new StepError('copy.no-folder', `there is no folder ${root}`);
  yield { path: '.', stat: top };
  const open: { folder: BytePath; names: BytePath[]; next: number }[] = [];
  const { onUnreadable } = options;
  const attempt = <T>(path: BytePath, work: () => T): T | undefined => {
    try {
      return work();
    } catch (error) {
      if (onUnreadable === undefined || !(error instanceof StepError)) throw error;
      onUnreadable(path, error);
      return undefined;
    }
  };
  const enter = (folder: BytePath) =>
    open.push({ folder, names: attempt(folder, () => namesIn(root, folder)) ?? [], next: 0 });
  enter('.');
  for (let level = open.at(-1); level !== undefined; level = open.at(-1)) {
    const name = level.names[level.next];
    level.next += 1;
    if (name === undefined) {
      open.pop();
      continue;
    }
    const path = join(level.folder, name);
    if (options.exclude?.has(path) === true || path.startsWith(asidePrefix)) continue;
    const stat = attempt(path, () => look(root, path));
    // Gone since the folder was read; whoever counts on it will miss it.
    if (stat === undefined) continue;
    yield { path, stat };
    if (!stat.isDirectory()) continue;
    if (stat.dev === top.dev) enter(path);
    else options.onOtherFileSystem?.(path);
  }
}

/** Without following a symlink; `undefined` when nothing is there. */
export function look(root: string, path: BytePath): BigIntStats | undefined {
  try {
    return lstatSync(absolute(root, path), { bigint: true });
  } catch (error) {
    if (isGone(error)) return undefined;
    throw cannotRead(root, path, error);
  }
}

function namesIn(root: string, folder: BytePath): BytePath[] {
  try {
    return readdirSync(absolute(root, folder), { encoding: 'buffer' }).map(fromBytes).toSorted();
  } catch (error) {
    if (isGone(error)) return [];
    throw cannotRead(root, folder, error);
  }
}

function isGone(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR';
}

/** Bytes of a path that the kernel takes, with its end (`PATH_MAX`). */
const pathMax = 4_096;

/** @throws StepError `copy.path-too-long` where a path could not be named beneath a root */
export function refuseTooLong(root: string, path: BytePath): void {
  if (Buffer.byteLength(root) + 1 + path.length >= pathMax) throw pathTooLong(root, path);
}

// rsync's own limit is the same.
function pathTooLong(root: string, path: BytePath): StepError {
  const shown = showPath(path);
  return new StepError(
    'copy.path-too-long',
    `a path of ${path.length} bytes is too long beneath ${root}, where no program can name it: ${shown.slice(0, 60)}…${shown.slice(-60)}`,
    `A whole path has at most ${pathMax - 1} bytes. Rename or move a folder above it (cd into it first), or exclude that folder and copy it by a step of its own.`,
  );
}

function cannotRead(root: string, path: BytePath, cause: unknown): StepError {
  if ((cause as NodeJS.ErrnoException).code === 'ENAMETOOLONG') return pathTooLong(root, path);
  return new StepError(
    'copy.cannot-read',
    `cannot read ${showPath(path)} in ${root}: ${messageOf(cause)}`,
    'As an ordinary user one reads only what is allowed: run it as root. An input/output error: see dmesg.',
    cause,
  );
}
