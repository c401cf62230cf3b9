import { createHash } from 'node:crypto';
import type { Entry } from './entry.ts';

/** Files by the lowest digests of seed and path: the same for the same seed, and every file is as likely as any other. */
export function choose(entries: Iterable<Entry>, count: number, seed: string): Entry[] {
  let chosen: { rank: string; entry: Entry }[] = [];
  const cut = () => {
    chosen = chosen.toSorted((one, other) => (one.rank < other.rank ? -1 : 1)).slice(0, count);
  };
  for (const entry of entries) {
    if (entry.type !== 'file') continue;
    const rank = createHash('sha256').update(seed).update('\0').update(entry.path, 'latin1').digest('hex');
    chosen.push({ rank, entry });
    if (chosen.length > count * 2 + 1_000) cut();
  }
  cut();
  return chosen.map(({ entry }) => entry);
}
