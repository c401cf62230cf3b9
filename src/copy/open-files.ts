import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';

/** A process that uses a file. */
export interface FileUser {
  readonly pid: number;
  readonly name: string;
  /** Such as `has /nix/store/x open`; the path is as that process sees it. */
  readonly how: string;
}

/**
 * Processes that stand in, run from, map or hold open what `isOurs` says yes to, by device and inode: a
 * path would not do, since a mount may cover the file by now.
 *
 * @param isOurs is given a device as `stat` gives it, and an inode
 * @param device of the tree; mappings are told by it
 * @returns and how many processes could not be looked into
 */
export function filesInUse(
  device: bigint,
  isOurs: (device: bigint, inode: bigint) => boolean,
): { readonly users: readonly FileUser[]; readonly unseen: number } {
  const users: FileUser[] = [];
  let unseen = 0;
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const folder = `/proc/${name}`;
    const use = useIn(folder, device, isOurs);
    if (use === 'unseen') unseen += 1;
    else if (use !== undefined) users.push({ pid: Number(name), name: nameIn(folder), how: use });
  }
  return { users, unseen };
}

function useIn(
  folder: string,
  device: bigint,
  isOurs: (device: bigint, inode: bigint) => boolean,
): string | undefined {
  const links: [string, (path: string) => string][] = [
    ['cwd', (path) => `stands in ${path}`],
    ['root', (path) => `has ${path} as its root`],
    ['exe', (path) => `runs ${path}`],
  ];
  try {
    for (const [link, how] of links)
      if (leadsToOurs(`${folder}/${link}`, isOurs)) return how(readLink(`${folder}/${link}`));
    for (const fd of readdirSync(`${folder}/fd`)) {
      if (leadsToOurs(`${folder}/fd/${fd}`, isOurs)) return `has ${readLink(`${folder}/fd/${fd}`)} open`;
    }
    for (const line of readFileSync(`${folder}/maps`, 'latin1').split('\n')) {
      // address perms offset device inode path
      const [, inode, path] = /^\S+ \S+ \S+ [0-9a-f]+:[0-9a-f]+ ([1-9]\d*) +(.*)$/.exec(line) ?? [];
      if (inode === undefined || !isOurs(device, BigInt(inode))) continue;
      // The device here is not always that of stat (btrfs, overlay), so the file itself decides.
      const range = line.slice(0, line.indexOf(' '));
      const stat = statSync(`${folder}/map_files/${range.split('-').map(withoutZeros).join('-')}`, {
        bigint: true,
        throwIfNoEntry: false,
      });
      if (stat === undefined || isOurs(stat.dev, stat.ino)) return `uses ${path}`;
    }
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // It ended, or it is a kernel thread.
    if (code === 'ENOENT' || code === 'ESRCH') return undefined;
    if (code === 'EACCES' || code === 'EPERM') return 'unseen';
    throw error;
  }
}

function leadsToOurs(link: string, isOurs: (device: bigint, inode: bigint) => boolean): boolean {
  try {
    const stat = statSync(link, { bigint: true });
    return isOurs(stat.dev, stat.ino);
  } catch (error) {
    // A kernel thread has no program; what a descriptor led to may be gone.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

function readLink(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return 'a file';
  }
}

function nameIn(folder: string): string {
  try {
    return readFileSync(`${folder}/comm`, 'utf8').trim();
  } catch {
    return 'a process';
  }
}

function withoutZeros(address: string): string {
  return address.replace(/^0+(?=.)/, '');
}
