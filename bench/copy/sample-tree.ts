import { linkSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Size {
  /** Files with content of their own. */
  readonly files: number;
  /** Mean bytes of a file. */
  readonly meanBytes: number;
}

/** What the tree came to. */
export interface Grown {
  readonly inodes: number;
  readonly hardLinks: number;
  readonly bytes: number;
}

/**
 * Grows a tree like an optimised Nix store: many small files and few large ones, each linked a second time
 * from `.links`, some a third time from another package, symlinks between packages, and every time is 1.
 */
export function growTree(root: string, { files, meanBytes }: Size, seed: number): Grown {
  const random = generator(seed);
  const noise = Buffer.alloc(4 * 1024 * 1024);
  for (let at = 0; at < noise.length; at += 4) noise.writeUInt32LE(Math.floor(random() * 2 ** 32), at);
  const [store, links] = [join(root, 'store'), join(root, 'store/.links')];
  mkdirSync(links, { recursive: true });
  let [inodes, hardLinks, bytes, folder, left, last] = [3, 0, 0, '', 0, ''];
  const folders: string[] = [];
  for (let file = 0; file < files; file += 1) {
    if (left === 0) {
      folder = join(store, `${name(random)}-package-${folders.length}`, 'share');
      mkdirSync(folder, { recursive: true });
      symlinkSync(folders.at(-1) ?? '.', join(folder, 'before'));
      folders.push(folder);
      inodes += 3;
      left = 1 + Math.floor(random() * 60);
    }
    left -= 1;
    const path = join(folder, `file-${file}`);
    const size = sizeOf(random, meanBytes);
    write(path, noise, size, random);
    utimesSync(path, 1, 1);
    linkSync(path, join(links, name(random)));
    inodes += 1;
    hardLinks += 1;
    bytes += size;
    if (file % 3 === 0 && last !== '') {
      linkSync(last, join(folder, `same-${file}`));
      hardLinks += 1;
    }
    last = path;
  }
  for (const each of [...folders, links, store]) utimesSync(each, 1, 1);
  return { inodes, hardLinks, bytes };
}

/** Log-normal, as file sizes are: the median is a tenth of the mean. */
function sizeOf(random: () => number, mean: number): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const sigma = Math.sqrt(2 * Math.log(10));
  return Math.min(200_000_000, Math.floor(mean * Math.exp(sigma * normal - (sigma * sigma) / 2)));
}

function write(path: string, noise: Buffer, size: number, random: () => number): void {
  const from = Math.floor(random() * (noise.length / 2));
  const chunk = noise.subarray(from, from + Math.min(size, noise.length / 2));
  if (chunk.length === size) return writeFileSync(path, chunk);
  const times = Math.floor(size / chunk.length);
  writeFileSync(
    path,
    Buffer.concat([...Array.from({ length: times }, () => chunk), chunk.subarray(0, size % chunk.length)]),
  );
}

const letters = '0123456789abcdfghijklmnpqrsvwxyz';

function name(random: () => number): string {
  return Array.from({ length: 32 }, () => letters[Math.floor(random() * letters.length)]).join('');
}

/** mulberry32: the same numbers for the same seed, everywhere. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
