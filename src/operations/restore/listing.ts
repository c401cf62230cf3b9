import { sh, type Host } from '../../runbook/index.ts';

/** One file, folder or link of a tree. */
export interface Listed {
  /** Relative to the root of the tree; empty for the root itself. */
  readonly path: string;
  readonly type: 'file' | 'dir' | 'symlink' | 'other';
  /** Bytes; 0 for everything but files. */
  readonly size: number;
  /** Permission bits without set-user-id and its kin. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/**
 * How a restored tree differs from what the backup lists, in words, the first few; empty when it does not.
 * Every name counts in both directions, with type, size, mode and owner.
 */
export function listingDifferences(
  wanted: readonly Listed[],
  found: readonly Listed[],
  most = 5,
): readonly string[] {
  const there = new Map(found.map((entry) => [entry.path, entry]));
  const differences: string[] = [];
  for (const want of wanted) {
    const have = there.get(want.path);
    there.delete(want.path);
    const name = want.path === '' ? 'the folder itself' : want.path;
    if (have === undefined) differences.push(`${name} is missing`);
    else {
      const how = unequal(want, have);
      if (how !== undefined) differences.push(`${name} ${how}`);
    }
    if (differences.length >= most) return differences;
  }
  for (const path of there.keys()) {
    if (differences.length >= most) break;
    differences.push(`${path} is not in the backup`);
  }
  return differences;
}

function unequal(want: Listed, have: Listed): string | undefined {
  if (want.type !== have.type) return `is a ${have.type}, not a ${want.type}`;
  if (want.type === 'file' && want.size !== have.size) {
    return `has ${have.size} bytes, not ${want.size}`;
  }
  if (want.uid !== have.uid || want.gid !== have.gid) {
    return `belongs to ${have.uid}:${have.gid}, not ${want.uid}:${want.gid}`;
  }
  // A link's own mode means nothing, and differs between systems.
  if (want.type !== 'symlink' && want.mode !== have.mode) {
    return `has the mode ${have.mode.toString(8)}, not ${want.mode.toString(8)}`;
  }
  return undefined;
}

/** Lists a tree with its root, without leaving its file system. @throws StepError when any of it cannot be read */
export async function listTree(host: Host, root: string): Promise<readonly Listed[]> {
  const format = String.raw`%y\t%s\t%m\t%U\t%G\t%P\0`;
  const { stdout } = await host.exec(sh`find ${root} -xdev -printf ${format}`);
  return parseFound(stdout);
}

/** @param text entries of `find`, each ended by NUL, its parts by tabs, the name last */
export function parseFound(text: string): readonly Listed[] {
  return text
    .split('\0')
    .filter((entry) => entry !== '')
    .map((entry) => {
      const [letter, size, mode, uid, gid, ...path] = entry.split('\t');
      const type = letter === 'f' ? 'file' : letter === 'd' ? 'dir' : letter === 'l' ? 'symlink' : 'other';
      return {
        path: path.join('\t'),
        type,
        size: type === 'file' ? Number(size) : 0,
        mode: Number.parseInt(mode ?? '', 8) & 0o777,
        uid: Number(uid),
        gid: Number(gid),
      };
    });
}

/**
 * What `restic ls --json` lists beneath a path, relative to it.
 * @param lines of its output, the snapshot's own included
 */
export function parseResticListing(lines: readonly string[], root: string): readonly Listed[] {
  const listed: Listed[] = [];
  for (const line of lines) {
    if (!line.startsWith('{')) continue;
    const node = JSON.parse(line) as Partial<ResticNode>;
    const { path, type } = node;
    if (path === undefined || type === undefined) continue;
    if (path !== root && !path.startsWith(`${root}/`)) continue;
    listed.push({
      path: path.slice(root.length + 1),
      type: type === 'file' || type === 'dir' || type === 'symlink' ? type : 'other',
      size: type === 'file' ? (node.size ?? 0) : 0,
      mode: (node.mode ?? 0) & 0o777,
      uid: node.uid ?? 0,
      gid: node.gid ?? 0,
    });
  }
  return listed;
}

interface ResticNode {
  readonly path: string;
  readonly type: string;
  readonly size: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}
