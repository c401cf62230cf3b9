import { liesIn, openedFolders, parentOf } from './places.ts';

/** A folder that would lose something, and how much. */
export interface Undeclared {
  readonly path: string;
  /** All that lies in it. */
  readonly bytes: number;
  /** What of it lies in no declared place. */
  readonly lostBytes: number;
}

/**
 * What would be lost with a root file system: its folders, those in which several things live part by part, without
 * what is declared and what is generated.
 *
 * @param folders bytes by folder, with everything beneath
 * @param declared folders that are kept
 * @param generated folders that are made anew by themselves
 */
export function undeclaredFolders(
  folders: ReadonlyMap<string, number>,
  declared: readonly string[],
  generated: readonly string[],
): readonly Undeclared[] {
  const opened = new Set<string>(openedFolders);
  const isSafe = (path: string) => [...declared, ...generated].some((folder) => liesIn(path, folder));
  const kept = outermost(declared).flatMap((path) => {
    const bytes = folders.get(path);
    return bytes === undefined ? [] : [{ path, bytes }];
  });
  const found: Undeclared[] = [];
  for (const [path, bytes] of folders) {
    // Of /etc each file is looked at by itself.
    if (path === '/' || path === '/etc' || opened.has(path) || !opened.has(parentOf(path))) continue;
    if (isSafe(path)) continue;
    const inside = kept.filter((one) => liesIn(one.path, path));
    const lostBytes = bytes - inside.reduce((sum, one) => sum + one.bytes, 0);
    found.push({ path, bytes, lostBytes: Math.max(0, lostBytes) });
  }
  return found.toSorted(bySize);
}

function bySize(one: Undeclared, other: Undeclared): number {
  return other.lostBytes - one.lostBytes || (one.path < other.path ? -1 : 1);
}

/** Without those that lie in another of them. */
export function outermost(paths: readonly string[]): readonly string[] {
  const all = [...new Set(paths)];
  return all.filter((path) => !all.some((other) => other !== path && liesIn(path, other)));
}
