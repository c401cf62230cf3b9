import { isUtf8 } from 'node:buffer';

/**
 * A path relative to the root of a tree, one character a byte. Names on Linux are bytes and need not be
 * UTF-8; this form keeps every one, sorts like them, and serves as a key. The root itself is `.`.
 */
export type BytePath = string;

export function bytesOf(path: BytePath): Buffer {
  return Buffer.from(path, 'latin1');
}

export function fromBytes(bytes: Uint8Array): BytePath {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

/** From ordinary text, such as a path that a person gave. */
export function fromText(text: string): BytePath {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** The ordinary text of a path; `undefined` when it is not UTF-8. */
export function textOf(path: BytePath): string | undefined {
  const bytes = bytesOf(path);
  return isUtf8(bytes) ? bytes.toString('utf8') : undefined;
}

export function join(folder: BytePath, name: BytePath): BytePath {
  if (name === '.') return folder;
  if (folder === '.') return name;
  return folder.endsWith('/') ? folder + name : `${folder}/${name}`;
}

/** From the root of the file system. @param root absolute, as ordinary text */
export function under(root: string, path: BytePath): BytePath {
  return join(fromText(root), path);
}

/** What the file system calls take. @param root absolute, as ordinary text */
export function absolute(root: string, path: BytePath): Buffer {
  return bytesOf(under(root, path));
}

/** The folder that holds it; `.` for what lies at the top. */
export function parentOf(path: BytePath): BytePath {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '.' : path.slice(0, slash);
}

/** Whether a path is one of the folders, or lies in one. */
export function isWithin(path: BytePath, folders: ReadonlySet<BytePath>): boolean {
  for (let up = path; up !== '.'; up = parentOf(up)) if (folders.has(up)) return true;
  return folders.has('.');
}

export function nameOf(path: BytePath): BytePath {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** The order of a walk: folders before what they hold, names by their bytes. Negative when `one` comes first. */
export function comparePaths(one: BytePath, other: BytePath): number {
  if (one === other) return 0;
  if (one === '.') return -1;
  if (other === '.') return 1;
  const shorter = Math.min(one.length, other.length);
  for (let index = 0; index < shorter; index += 1) {
    const a = rank(one.charCodeAt(index));
    const b = rank(other.charCodeAt(index));
    if (a !== b) return a - b;
  }
  return one.length - other.length;
}

// A folder's content comes right after it, before `folder.txt` or `folder-2`.
function rank(code: number): number {
  return code === 0x2f ? 0 : code;
}

/** For people: as it is where it can be read safely, else in the shell's `$'…'` form. */
export function showPath(path: BytePath): string {
  const text = textOf(path);
  if (text !== undefined && !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(text)) return text;
  const escaped = [...bytesOf(path)].map((byte) => {
    if (byte === 0x27 || byte === 0x5c) return `\\${String.fromCharCode(byte)}`;
    return byte >= 0x20 && byte < 0x7f
      ? String.fromCharCode(byte)
      : `\\x${byte.toString(16).padStart(2, '0')}`;
  });
  return `$'${escaped.join('')}'`;
}
