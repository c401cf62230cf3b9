import type { PersistenceEntry, PersistenceInventory } from './entry.ts';

/** A declaration with its whole path. */
export interface DeclaredPath extends PersistenceEntry {
  /** Whose home it lies in; missing for the machine's own. */
  readonly user?: string;
}

/** Everything that an inventory declares, by whole paths. A user without a home has none of it. */
export function declaredPaths(
  { system, homes }: Pick<PersistenceInventory, 'system' | 'homes'>,
  homeOf: (user: string) => string | undefined,
): readonly DeclaredPath[] {
  const inHomes = homes.flatMap(({ user, entries }) => {
    const home = homeOf(user);
    if (home === undefined) return [];
    return entries.map((entry) => ({ ...entry, path: `${home}/${entry.path}`, user }));
  });
  return [...system, ...inHomes];
}

/** Whether a path is the other, or lies beneath it. */
export function liesIn(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === '/' ? '/' : `${folder}/`);
}

/** What becomes of a path when the root file system is gone: all of it stays, a part, or nothing. */
export type Fate = 'kept' | 'in part' | 'lost';

/**
 * @param path absolute
 * @param declared what is brought back at each boot
 * @param kept mount points of file systems that outlive a boot by themselves; never `/`
 */
export function fateOf(path: string, declared: readonly DeclaredPath[], kept: readonly string[]): Fate {
  const covers = (entry: DeclaredPath) =>
    entry.kind === 'directory' ? liesIn(path, entry.path) : entry.path === path;
  if (kept.some((point) => liesIn(path, point)) || declared.some(covers)) return 'kept';
  return declared.some((entry) => liesIn(entry.path, path)) ? 'in part' : 'lost';
}
