import { posix } from 'node:path';
import type { Mount } from './host.ts';

/**
 * The mount that one sees exactly at a path: the topmost of several, and none that a mount further
 * up has covered since. The path is absolute, with its symlinks resolved.
 */
export function mountAt(mounts: readonly Mount[], path: string): Mount | undefined {
  const found = mountOf(mounts, path);
  return found?.point === normal(path) ? found : undefined;
}

/** The mount that a path lies on. The path is absolute, with its symlinks resolved. */
export function mountOf(mounts: readonly Mount[], path: string): Mount | undefined {
  const known = new Set(mounts.map((mount) => mount.id));
  // The same walk as the kernel's: a mount counts only where one stands when its point is reached, so
  // a mount beneath a covered folder is never met. The topmost mount's own parent is not in the table.
  let current: Mount | undefined;
  const enter = (point: string) => {
    for (;;) {
      const next = mounts.findLast(
        (mount) =>
          mount.point === point &&
          mount !== current &&
          (current === undefined
            ? !known.has(mount.parent) || mount.parent === mount.id
            : mount.parent === current.id),
      );
      if (next === undefined) return;
      current = next;
    }
  };
  enter('/');
  let point = '';
  for (const part of normal(path).split('/').filter(Boolean)) {
    point += `/${part}`;
    enter(point);
  }
  return current;
}

function normal(path: string): string {
  const normalized = posix.normalize(path);
  return normalized.length > 1 && normalized.endsWith('/') ? normalized.slice(0, -1) : normalized;
}
