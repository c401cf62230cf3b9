import { posix } from 'node:path';
import { StepError } from '../../errors.ts';
import type { Files, FileStat } from '../../runbook/index.ts';

/** A file, folder or symlink that one passes on the way along a path. */
export interface Passed {
  /** As one sees it from the root, without the folder under which that root stands. */
  readonly path: string;
  readonly device: string;
  readonly inode: string;
}

const mostLinks = 40;

/**
 * Everything that one passes along a path, symlinks and what they lead to included, as seen from another
 * root: the kernel would follow an absolute symlink to where it leads from here.
 *
 * @param root the folder under which that root stands, such as one without its mounts
 * @returns as far as the path leads; `whole` tells whether that is to its end
 */
export async function followPath(
  files: Pick<Files, 'stat' | 'readLink'>,
  root: string,
  path: string,
): Promise<{ readonly passed: readonly Passed[]; readonly whole: boolean; readonly end: string }> {
  const passed: Passed[] = [];
  const rest = path.split('/').filter(Boolean);
  let at = '/';
  let links = 0;
  for (let part = rest.shift(); part !== undefined; part = rest.shift()) {
    if (part === '.') continue;
    const next = posix.resolve(at, part);
    const stat = await lookAt(files, posix.join(root, next));
    if (stat === undefined) return { passed, whole: false, end: next };
    passed.push({ path: next, device: stat.device, inode: stat.inode });
    if (stat.kind !== 'symlink') {
      at = next;
      continue;
    }
    links += 1;
    const target = await files.readLink(posix.join(root, next));
    if (target === undefined || links > mostLinks) return { passed, whole: false, end: next };
    if (target.startsWith('/')) at = '/';
    rest.unshift(...target.split('/').filter(Boolean));
  }
  return { passed, whole: true, end: at };
}

/** What one may not look at, one cannot remove either. */
async function lookAt(files: Pick<Files, 'stat'>, path: string): Promise<FileStat | undefined> {
  try {
    return await files.stat(path);
  } catch (error) {
    if (error instanceof StepError && error.code === 'files.eacces') return undefined;
    throw error;
  }
}
