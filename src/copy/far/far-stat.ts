import type { Stat } from '../walk.ts';

const kinds: Readonly<Record<string, bigint>> = {
  f: 0o100000n,
  d: 0o040000n,
  l: 0o120000n,
  p: 0o010000n,
  s: 0o140000n,
  c: 0o020000n,
  b: 0o060000n,
};

/** What `find` on another machine told of one path, in the form in which this one's kernel would. */
export class FarStat implements Stat {
  readonly ino: bigint;
  readonly dev: bigint;
  readonly mode: bigint;
  readonly nlink: bigint;
  readonly uid: bigint;
  readonly gid: bigint;
  readonly size: bigint;
  /** Of 512 bytes. */
  readonly blocks: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly rdev: bigint;
  readonly #kind: string;

  /**
   * @param fields as `statFields` orders them
   * @param exact what find cannot tell: the number of a device, and times before 1970
   */
  constructor(
    fields: readonly string[],
    exact: { readonly mtimeNs: bigint; readonly rdev: bigint } | undefined,
  ) {
    const [ino = '', dev = '', mode = '', nlink = '', uid = '', gid = '', size = '', blocks = '', kind = ''] =
      fields;
    this.#kind = kind;
    this.ino = BigInt(ino);
    this.dev = BigInt(dev);
    this.mode = BigInt(`0o${mode}`) | (kinds[kind] ?? 0n);
    this.nlink = BigInt(nlink);
    this.uid = BigInt(uid);
    this.gid = BigInt(gid);
    this.size = BigInt(size);
    this.blocks = BigInt(blocks);
    this.mtimeNs = exact?.mtimeNs ?? nanoseconds(fields[9] ?? '');
    this.ctimeNs = nanoseconds(fields[10] ?? '');
    this.rdev = exact?.rdev ?? 0n;
  }

  isFile(): boolean {
    return this.#kind === 'f';
  }
  isDirectory(): boolean {
    return this.#kind === 'd';
  }
  isSymbolicLink(): boolean {
    return this.#kind === 'l';
  }
  isFIFO(): boolean {
    return this.#kind === 'p';
  }
  isSocket(): boolean {
    return this.#kind === 's';
  }
  isCharacterDevice(): boolean {
    return this.#kind === 'c';
  }
}

/** For `find -printf`. */
export const statFields = '%i %D %m %n %U %G %s %b %y %T@ %C@';
export const statFieldCount = 11;

/** Seconds with a fraction, as `stat` writes them, and `find` too, but not before 1970. */
export function nanoseconds(seconds: string): bigint {
  const [whole = '', fraction = ''] = seconds.replace('-', '').split('.');
  const ns = BigInt(whole) * 1_000_000_000n + BigInt(fraction.slice(0, 9).padEnd(9, '0'));
  return seconds.startsWith('-') ? -ns : ns;
}

/** As the kernel packs it. @param major, minor hexadecimal */
export function packedDevice(major: string, minor: string): bigint {
  const [high, low] = [BigInt(`0x${major}`), BigInt(`0x${minor}`)];
  return ((high & ~0xfffn) << 32n) | ((high & 0xfffn) << 8n) | ((low & ~0xffn) << 12n) | (low & 0xffn);
}
