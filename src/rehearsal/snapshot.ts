import { createHash } from 'node:crypto';
import { createReadStream, existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { parseMountInfo } from '../runbook/index.ts';
import type { HashMemory } from './hash-memory.ts';
import { readXattrs } from './xattrs.ts';

/** Everything about one entry of a tree that a migration must not change. */
export interface SnapshotEntry {
  readonly kind: 'file' | 'folder' | 'symlink' | 'other';
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Nanoseconds since 1970, as text. */
  readonly mtime: string;
  readonly size?: number;
  readonly sha256?: string;
  /** It takes less room than its size. */
  readonly sparse?: boolean;
  readonly target?: string;
  /** The first path in the snapshot of the same inode, where there are several. */
  readonly sameFileAs?: string;
  /** By name, values in hexadecimal. */
  readonly xattrs?: Readonly<Record<string, string>>;
}

export interface SnapshotMount {
  readonly point: string;
  readonly type: string;
  readonly source: string;
  /** The folder of the file system that is mounted. */
  readonly root: string;
  readonly readOnly: boolean;
}

export interface Snapshot {
  /** By path in the world; bytes that are no UTF-8 are written `\xHH`. */
  readonly entries: Readonly<Record<string, SnapshotEntry>>;
  /** The mount table; undefined for a view beneath the mounts. */
  readonly mounts: readonly SnapshotMount[] | undefined;
  /** False where getfattr is missing, so that nothing is known of extended attributes. */
  readonly withXattrs: boolean;
}

/** How what lies beneath the world's own mounts is named. */
export const beneathMark = 'beneath:';

export interface SnapshotOptions {
  /** Paths that are left out, with everything beneath them; folders also where a mount shows them elsewhere. */
  readonly without?: readonly string[];
  /** Remembers what was hashed, for the next snapshot. */
  readonly hashes?: HashMemory;
}

/**
 * Reads whole trees, through no symlink. `root` is a world's root directory, or `/proc/PID/root` of a
 * process in it, which shows what that process sees.
 */
export async function takeSnapshot(
  root: string,
  paths: readonly string[],
  { without = [], hashes }: SnapshotOptions = {},
): Promise<Snapshot> {
  const entries: Record<string, SnapshotEntry> = {};
  const mountInfo = mountInfoOf(root);
  const onZfs = zfsDevices(mountInfo);
  const firstOfInode = new Map<string, string>();
  const left = new Set(without);
  const leftFolders = new Set(without.flatMap((path) => folderIdentity(`${root}${path}`)));
  const trees = paths.flatMap((path) => treesWithout(root, path, without));
  const xattrs = await readXattrs(trees.map((path) => `${root}${path}`).filter((path) => existsSync(path)));
  const hash = hashes === undefined ? hashOf : (path: Buffer) => hashes.hashOf(path, hashOf);
  const add = async (path: Buffer): Promise<void> => {
    if (left.has(path.toString())) return;
    const full = Buffer.concat([Buffer.from(root), path]);
    const stat = lstatSync(full, { bigint: true, throwIfNoEntry: false });
    if (stat === undefined) return;
    const name = pathText(path);
    const inode = `${stat.dev}:${stat.ino}`;
    if (leftFolders.has(inode)) return;
    const first = stat.nlink > 1n && stat.isFile() ? firstOfInode.get(inode) : undefined;
    if (first === undefined) firstOfInode.set(inode, name);
    const own = xattrs?.get(full.toString('latin1'));
    entries[name] = {
      ...(stat.isFile()
        ? {
            kind: 'file' as const,
            size: Number(stat.size),
            // ZFS tells how much room a file takes only some seconds later.
            ...(onZfs.has(stat.dev) ? {} : { sparse: stat.blocks * 512n < stat.size }),
            ...(first === undefined ? { sha256: await hash(full) } : { sameFileAs: first }),
          }
        : stat.isSymbolicLink()
          ? { kind: 'symlink' as const, target: pathText(readlinkSync(full, 'buffer')) }
          : { kind: stat.isDirectory() ? ('folder' as const) : ('other' as const) }),
      mode: Number(stat.mode & 0o7777n),
      uid: Number(stat.uid),
      gid: Number(stat.gid),
      mtime: String(stat.mtimeNs),
      ...(own === undefined ? {} : { xattrs: own }),
    };
    if (!stat.isDirectory()) return;
    for (const child of readdirSync(full, { encoding: 'buffer' }).toSorted((one, other) =>
      one.compare(other),
    )) {
      await add(Buffer.concat([path, Buffer.from('/'), child]));
    }
  };
  for (const path of paths) {
    await add(Buffer.from(path));
  }
  return {
    entries,
    mounts: root.endsWith('/root') && mountInfo !== undefined ? mountsIn(mountInfo) : undefined,
    withXattrs: xattrs !== undefined,
  };
}

/** What the process sees as mounted whose root is looked at. */
function mountInfoOf(root: string): string | undefined {
  const process = /^\/proc\/\d+(?=\/root(?:\/|$))/.exec(root)?.[0];
  return process === undefined ? undefined : readFileSync(`${process}/mountinfo`, 'utf8');
}

function zfsDevices(mountInfo: string | undefined): ReadonlySet<bigint> {
  const mounts = parseMountInfo(mountInfo ?? '').filter(({ type }) => /^(fuse\.)?zfs$/.test(type));
  return new Set(
    mounts.map(({ device }) => {
      const [major = '0', minor = '0'] = device.split(':');
      // As the kernel puts both into one number; file systems without a device have major 0.
      return (BigInt(major) << 8n) | (BigInt(minor) & 0xffn) | ((BigInt(minor) & ~0xffn) << 12n);
    }),
  );
}

function folderIdentity(path: string): readonly string[] {
  const stat = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  return stat?.isDirectory() === true ? [`${stat.dev}:${stat.ino}`] : [];
}

/** The largest trees beneath a path that hold nothing of what is left out. */
function treesWithout(root: string, path: string, without: readonly string[]): readonly string[] {
  if (without.includes(path)) return [];
  if (!without.some((other) => other.startsWith(`${path}/`))) return [path];
  const stat = lstatSync(`${root}${path}`, { throwIfNoEntry: false });
  if (stat?.isDirectory() !== true) return [path];
  return readdirSync(`${root}${path}`).flatMap((name) => treesWithout(root, `${path}/${name}`, without));
}

function mountsIn(mountInfo: string): readonly SnapshotMount[] {
  return parseMountInfo(mountInfo).map(({ point, type, source, root, options }) => ({
    point,
    type,
    source,
    root,
    readOnly: options.includes('ro'),
  }));
}

async function hashOf(path: Buffer): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/** A path as text, exactly: what is no UTF-8 shows as `\xHH`, and a backslash as two. */
export function pathText(path: Buffer): string {
  const text = path.toString('utf8');
  const exact = Buffer.from(text, 'utf8').equals(path)
    ? text.replaceAll('\\', String.raw`\\`)
    : path
        .toString('latin1')
        .replaceAll('\\', String.raw`\\`)
        .replace(/[^\0-\x7f]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16)}`);
  return exact;
}
