import { showPath, type BytePath } from './byte-path.ts';
import type { Difference } from './difference.ts';
import type { Entry } from './entry.ts';

interface Group {
  readonly path: BytePath;
  readonly inode: bigint;
  /** Names of the inode on the target, as its link count says. */
  readonly links: number;
  /** Names that the manifest gives to the group. */
  members: number;
}

/**
 * Follows which names share an inode, in the source by the manifest and on the target: they must be
 * the same, no name more and none less.
 */
export class HardLinks {
  readonly #bySource = new Map<bigint, Group>();
  readonly #byTarget = new Map<bigint, bigint>();

  /** Whether no name before led to this inode of the target. */
  isNew({ links, inode }: Entry): boolean {
    return links === undefined || !this.#byTarget.has(inode);
  }

  /** The difference that shows at this name, if any. */
  add(entry: Entry, found: Entry): Difference | undefined {
    if (entry.links === undefined) {
      if (found.links === undefined) return undefined;
      return differs(entry, 'one name', `${found.links} names`);
    }
    const group = this.#bySource.get(entry.inode);
    if (group !== undefined) {
      group.members += 1;
      if (group.inode === found.inode) return undefined;
      return differs(entry, `the same file as ${showPath(group.path)}`, 'another file');
    }
    this.#bySource.set(entry.inode, {
      path: entry.path,
      inode: found.inode,
      links: found.links ?? 1,
      members: 1,
    });
    const other = this.#byTarget.get(found.inode);
    this.#byTarget.set(found.inode, entry.inode);
    if (other === undefined) return undefined;
    const namesake = showPath(this.#bySource.get(other)?.path ?? '.');
    return differs(entry, `another file than ${namesake}`, 'the same file');
  }

  /** What shows only when all names are known; of no use after a sample. */
  finish(): Difference[] {
    return [...this.#bySource.values()]
      .filter(({ links, members }) => links !== members)
      .map(({ path, links, members }) => ({
        kind: 'hard-link',
        path: showPath(path),
        expected: names(members),
        found: names(links),
      }));
  }
}

function differs({ path }: Entry, expected: string, found: string): Difference {
  return { kind: 'hard-link', path: showPath(path), expected, found };
}

function names(count: number): string {
  return count === 1 ? 'one name' : `${count} names`;
}
