import { readFileSync } from 'node:fs';
import { parentOf, type BytePath } from './byte-path.ts';
import { pathField, pathOf } from './entry-line.ts';
import { look, walk } from './walk.ts';

export interface Doomed {
  readonly path: BytePath;
  readonly inode: bigint;
}

export interface RemovalPlan {
  /** What goes, each with all that it holds. */
  readonly doomed: readonly Doomed[];
  readonly entries: number;
  /** Of files of which no name stays. */
  readonly bytes: number;
  /** Of each of these files and folders every name goes. */
  readonly inodes: ReadonlySet<bigint>;
  /** Folders that stay since something in them does. */
  readonly spared: ReadonlySet<bigint>;
  readonly device: bigint;
  /** Folders that another file system holds. */
  readonly otherFileSystems: readonly BytePath[];
  /** Paths to keep that are not there. */
  readonly missing: readonly BytePath[];
}

/**
 * What would go when a tree is removed but for some paths, what they hold, and the folders above them.
 *
 * @param keep paths within the tree; `.` keeps all
 * @param withRoot the folder itself goes too, when nothing in it is kept
 */
export function planRemoval(root: string, keep: ReadonlySet<BytePath>, withRoot: boolean): RemovalPlan {
  const spared = new Set<BytePath>(withRoot && keep.size === 0 ? [] : ['.']);
  for (const path of keep)
    for (let above = parentOf(path); above !== '.'; above = parentOf(above)) spared.add(above);
  const otherFileSystems: BytePath[] = [];
  const doomed: Doomed[] = [];
  const inodes = new Set<bigint>();
  const sparedInodes = new Set<bigint>();
  // A file in a Nix store has a further name in `.links`: while one stays, the file does.
  const named = new Map<bigint, number>();
  let [entries, bytes, device] = [0, 0, 0n];
  const tree = walk(root, { exclude: keep, onOtherFileSystem: (path) => otherFileSystems.push(path) });
  for (const { path, stat } of keep.has('.') ? [] : tree) {
    device = stat.dev;
    if (spared.has(path)) {
      sparedInodes.add(stat.ino);
      continue;
    }
    entries += 1;
    if (spared.has(parentOf(path)) || path === '.') doomed.push({ path, inode: stat.ino });
    if (!stat.isDirectory() && stat.nlink > 1n) {
      const names = (named.get(stat.ino) ?? 0) + 1;
      named.set(stat.ino, names);
      if (BigInt(names) < stat.nlink) continue;
    }
    inodes.add(stat.ino);
    if (stat.isFile()) bytes += Number(stat.size);
  }
  const whole = doomed.filter(({ path }) => path === '.').length > 0 ? doomed.slice(0, 1) : doomed;
  const missing = [...keep].filter((path) => look(root, path) === undefined);
  return { doomed: whole, entries, bytes, inodes, spared: sparedInodes, device, otherFileSystems, missing };
}

/** The plan's paths as text, one JSON object a line, to be kept until all of them are gone. */
export function doomedToText(doomed: readonly Doomed[]): string {
  return doomed
    .map(({ path, inode }) => `${JSON.stringify({ ...pathField('path', path), inode: String(inode) })}\n`)
    .join('');
}

export function doomedFromFile(file: string): readonly Doomed[] {
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => {
    const { path, pathHex, inode } = JSON.parse(line) as { path?: string; pathHex?: string; inode: string };
    return { path: pathOf(path, pathHex) ?? '.', inode: BigInt(inode) };
  });
}

/** Those that are still what they were when the plan was made; somebody may have put something new in their place. */
export function stillThere(root: string, doomed: readonly Doomed[]): readonly Doomed[] {
  return doomed.filter(({ path, inode }) => look(root, path)?.ino === inode);
}
