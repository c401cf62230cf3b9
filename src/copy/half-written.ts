import { lstatSync, readdirSync } from 'node:fs';
import { absolute, fromBytes, join, nameOf, parentOf, type BytePath } from './byte-path.ts';
import type { Inventory } from './inventory.ts';
import { isTemporaryName } from './leftovers.ts';

/** Smaller ones are done before anybody asks. */
export const largeBytes = 64 * 1024 * 1024;
const everyMs = 1_000;
/** Folders that are looked into at a time. */
const atMost = 50;

/**
 * Looks, each second, how much rsync has written of large files: it says nothing of a file before that is
 * whole, which may take an hour. Nothing depends on it.
 *
 * @param tell is given the bytes of files that rsync has not said a line of
 */
export function watchHalfWritten(
  to: string,
  inventory: Inventory,
  tell: (bytes: number) => void,
): { end(): void } {
  const large: [BytePath, number][] = [];
  for (const [path, slot] of inventory.paths)
    if (inventory.sizeOf(slot) >= largeBytes) large.push([path, slot]);
  if (large.length === 0) return { end: () => {} };
  const timer = setInterval(() => {
    const open = large.filter(([, slot]) => !inventory.isMet(slot)).map(([path]) => path);
    tell(bytesOf(to, open));
  }, everyMs);
  return { end: () => clearInterval(timer) };
}

function bytesOf(to: string, paths: readonly BytePath[]): number {
  const byFolder = Map.groupBy(paths, parentOf);
  let bytes = 0;
  for (const [folder, files] of [...byFolder].slice(0, atMost)) {
    const names = files.map(nameOf);
    for (const name of namesIn(to, folder))
      if (isTemporaryName(name, names)) bytes += sizeOf(to, join(folder, name));
  }
  return bytes;
}

function namesIn(to: string, folder: BytePath): BytePath[] {
  try {
    return readdirSync(absolute(to, folder), { encoding: 'buffer' }).map(fromBytes);
  } catch {
    return [];
  }
}

function sizeOf(to: string, path: BytePath): number {
  return lstatSync(absolute(to, path), { throwIfNoEntry: false })?.size ?? 0;
}
