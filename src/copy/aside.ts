import { chmodSync, mkdirSync, statSync } from 'node:fs';
import { posix } from 'node:path';
import { syncFolder } from './durable.ts';

/** Begins the name of every folder that keeps what a rollback would have overwritten or removed. */
export const asidePrefix = '.migrate-aside-';

/**
 * Where something of a tree is put aside on the same file system: beside the tree, or within it when it
 * is a file system of its own. Only its owner may look into it.
 *
 * @param kind a word for its name, such as `dropped`
 */
export function asidePlace(tree: string, kind: string, run: string): string {
  const parent = posix.dirname(tree);
  return statSync(parent).dev === statSync(tree).dev && parent !== tree
    ? posix.join(parent, `${posix.basename(tree)}.migrate-${kind}-${run}`)
    : posix.join(tree, `${asidePrefix}${kind}-${run}`);
}

/** Makes the folder, or finds it made by an earlier attempt. */
export function makeAside(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  syncFolder(posix.dirname(folder));
}
