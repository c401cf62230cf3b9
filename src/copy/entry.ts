import { readlinkSync } from 'node:fs';
import { absolute, fromBytes, type BytePath } from './byte-path.ts';
import type { Found, Stat } from './walk.ts';

export type EntryType =
  | 'file'
  | 'folder'
  | 'symlink'
  | 'fifo'
  | 'socket'
  | 'character-device'
  | 'block-device';

/** Everything that a copy must keep of one path, and what tells whether the source still is what was read. */
export interface Entry {
  readonly path: BytePath;
  readonly type: EntryType;
  /** Permission bits with set-uid, set-gid and sticky. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Nanoseconds since 1970, negative before. */
  readonly mtimeNs: bigint;
  /** Bytes; of files only. */
  readonly size?: number;
  /** xxh128 of the content, 32 hexadecimal digits; of files only. */
  readonly hash?: string;
  /** What a symlink says. */
  readonly target?: BytePath;
  /** `major:minor` of a device node. */
  readonly device?: string;
  /** Names of the same inode in the source, where there are several; those in this tree bear the same `inode`. */
  readonly links?: number;
  /** Of the source. */
  readonly inode: bigint;
  readonly ctimeNs: bigint;
  /** Extended attributes and ACLs, name to `0x…`, as getfattr prints them. */
  readonly attributes?: Readonly<Record<string, string>>;
}

export function typeOf(stat: Stat): EntryType {
  if (stat.isFile()) return 'file';
  if (stat.isDirectory()) return 'folder';
  if (stat.isSymbolicLink()) return 'symlink';
  if (stat.isFIFO()) return 'fifo';
  if (stat.isSocket()) return 'socket';
  return stat.isCharacterDevice() ? 'character-device' : 'block-device';
}

/** `major:minor`, as the mount table writes it. */
export function deviceNumber(device: bigint): string {
  const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & ~0xfffn);
  const minor = (device & 0xffn) | ((device >> 12n) & ~0xffn);
  return `${major}:${minor}`;
}

/** The entry of what a walk found. */
export function entryOf(
  root: string,
  { path, stat, target }: Found,
  more: {
    readonly hash?: string | undefined;
    readonly attributes?: Readonly<Record<string, string>> | undefined;
  } = {},
): Entry {
  const type = typeOf(stat);
  return {
    path,
    type,
    mode: Number(stat.mode & 0o7777n),
    uid: Number(stat.uid),
    gid: Number(stat.gid),
    mtimeNs: stat.mtimeNs,
    ...(type === 'file' ? { size: Number(stat.size) } : {}),
    ...(more.hash === undefined ? {} : { hash: more.hash }),
    ...(type === 'symlink' ? { target: target ?? linkTarget(root, path) } : {}),
    ...(type === 'character-device' || type === 'block-device' ? { device: deviceNumber(stat.rdev) } : {}),
    ...(type !== 'folder' && stat.nlink > 1n ? { links: Number(stat.nlink) } : {}),
    inode: stat.ino,
    ctimeNs: stat.ctimeNs,
    ...(more.attributes === undefined ? {} : { attributes: more.attributes }),
  };
}

function linkTarget(root: string, path: BytePath): BytePath {
  return fromBytes(readlinkSync(absolute(root, path), { encoding: 'buffer' }));
}
