import { readdirSync } from 'node:fs';
import { absolute, fromBytes, nameOf, parentOf, type BytePath } from './byte-path.ts';
import { removeFile } from './remove-file.ts';
import { look, walk } from './walk.ts';

const suffix = /\.[A-Za-z0-9]{6}$/;
// rsync cuts names from here on to make room for the suffix, of non-ASCII ones possibly everything.
const longName = 240;

/**
 * Whether a name is one under which rsync writes a file before it is whole: `.name.XXXXXX`.
 *
 * @param siblings names in the same folder of the source
 */
export function isTemporaryName(name: BytePath, siblings: Iterable<BytePath>): boolean {
  if (!name.startsWith('.') || !suffix.test(name)) return false;
  const stem = name.slice(1, -7);
  for (const sibling of siblings) {
    const plain = sibling.startsWith('.') ? sibling.slice(1) : sibling;
    if (plain === stem || (sibling.length >= longName && plain.startsWith(stem))) return true;
  }
  return false;
}

/**
 * Removes what a killed rsync left half-written in a target: a pass without `--delete` does not. Only
 * files that the source does not hold, named after one that it does.
 *
 * @returns how many
 */
export function removeLeftovers(from: string, to: string, exclude: ReadonlySet<BytePath>): number {
  const leftovers = temporaryFiles(to, exclude).filter(
    (path) => look(from, path) === undefined && isTemporaryName(nameOf(path), namesBeside(from, path)),
  );
  for (const path of leftovers) removeFile(to, path);
  return leftovers.length;
}

/** Files of a tree that are named as rsync names what it has half written. */
export function temporaryFiles(root: string, exclude: ReadonlySet<BytePath>): BytePath[] {
  const found: BytePath[] = [];
  for (const { path, stat } of walk(root, { exclude }))
    if (stat.isFile() && suffix.test(nameOf(path))) found.push(path);
  return found;
}

function namesBeside(from: string, path: BytePath): BytePath[] {
  try {
    return readdirSync(absolute(from, parentOf(path)), { encoding: 'buffer' }).map(fromBytes);
  } catch {
    return [];
  }
}
