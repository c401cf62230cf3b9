import { lstatSync } from 'node:fs';

/** Hashes by device, inode and time of change: the kernel sets that at every change, and nobody can set it back. */
export interface HashMemory {
  /** The hash that is remembered, or else what `read` gives. */
  hashOf(path: Buffer, read: (path: Buffer) => Promise<string>): Promise<string>;
}

/** Times have the grain of the kernel's tick: what changed just now may change again within it. */
const grainNs = 50_000_000n;

export function rememberHashes(now: () => bigint = () => BigInt(Date.now()) * 1_000_000n): HashMemory {
  const known = new Map<string, string>();
  const keyOf = (path: Buffer) => {
    const { dev, ino, ctimeNs, size } = lstatSync(path, { bigint: true });
    return { key: `${dev}:${ino}:${ctimeNs}:${size}`, settled: now() - ctimeNs > grainNs };
  };
  return {
    async hashOf(path, read) {
      const before = keyOf(path);
      const remembered = known.get(before.key);
      if (remembered !== undefined) return remembered;
      const hash = await read(path);
      if (before.settled && keyOf(path).key === before.key) known.set(before.key, hash);
      return hash;
    },
  };
}
