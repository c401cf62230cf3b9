import { mkdirSync, renameSync } from 'node:fs';
import { absolute, parentOf, type BytePath } from './byte-path.ts';
import { makeAside } from './aside.ts';
import type { LaterWrite } from './later-writes.ts';
import { guarded, type CopyMachine } from './machine.ts';
import { look } from './walk.ts';

/**
 * Moves what was written to a copy out of it, into a folder on the same file system. Nothing is copied
 * and nothing lost; after an interruption it goes on with what is left.
 *
 * @returns how many paths were moved, each with all that it holds
 */
export async function putAside(
  {
    tree,
    aside,
    writes,
  }: { readonly tree: string; readonly aside: string; readonly writes: readonly LaterWrite[] },
  machine: CopyMachine,
): Promise<number> {
  return guarded(machine, async (signal) => {
    makeAside(aside);
    let moved = 0;
    for (const path of topmost(writes)) {
      signal.throwIfAborted();
      if (look(tree, path) === undefined) continue;
      mkdirSync(absolute(aside, parentOf(path)), { recursive: true });
      renameSync(absolute(tree, path), absolute(aside, path));
      moved += 1;
    }
    await machine.flush(aside, signal);
    return moved;
  });
}

/** What moves whole is moved once; a folder of which only mode or owner changed stays. */
function topmost(writes: readonly LaterWrite[]): BytePath[] {
  const paths: BytePath[] = [];
  let whole: BytePath | undefined;
  for (const { path, what, type } of writes) {
    if (whole !== undefined && path.startsWith(`${whole}/`)) continue;
    if (what === 'deleted' || (what === 'changed' && type === 'folder')) continue;
    paths.push(path);
    if (type === 'folder') whole = path;
  }
  return paths;
}
