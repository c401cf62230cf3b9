import { createHash } from 'node:crypto';
import type { BytePath } from './byte-path.ts';
import type { Entry } from './entry.ts';

/** Whether a file belongs to a sample of this share (0 to 1): the same answer for the same seed, whatever else there is. */
export function isChosen(path: BytePath, share: number, seed: string): boolean {
  return rankOf(path, seed).readUInt32BE() < share * 2 ** 32;
}

function rankOf(path: BytePath, seed: string): Buffer {
  return createHash('sha256').update(seed).update('\0').update(path, 'latin1').digest();
}

/** Files by the lowest digests of seed and path: the same for the same seed, and every file is as likely as any other. */
export function choose(entries: Iterable<Entry>, count: number, seed: string): Entry[] {
  let chosen: { rank: string; entry: Entry }[] = [];
  const cut = () => {
    chosen = chosen.toSorted((one, other) => (one.rank < other.rank ? -1 : 1)).slice(0, count);
  };
  for (const entry of entries) {
    if (entry.type !== 'file') continue;
    chosen.push({ rank: rankOf(entry.path, seed).toString('hex'), entry });
    if (chosen.length > count * 2 + 1_000) cut();
  }
  cut();
  return chosen.map(({ entry }) => entry);
}
