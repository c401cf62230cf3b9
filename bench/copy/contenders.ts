import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { secondsOf, type Contender } from '../rounds.ts';
import type { Disks } from './disks.ts';
import { run, ways } from './ways.ts';

export interface Places {
  readonly from: string;
  readonly to: string;
  readonly manifest: string;
}

export function placesOn(disks: Disks, from: string): Places {
  return { from, to: join(disks.target, 'copy'), manifest: join(disks.place, 'manifest') };
}

/**
 * Each way, from the start of its program until the copy is on its disk and compared. With cold disks,
 * memory is emptied before each of its two halves, off the clock.
 */
export function contenders(disks: Disks, from: string, cold: boolean): Contender[] {
  const places = placesOn(disks, from);
  const { to, manifest } = places;
  return ways(from, to, manifest)
    .filter(({ isHere }) => isHere)
    .map(({ name, begin }) => ({
      name,
      async run() {
        emptyTarget(disks, places);
        if (cold) disks.cool();
        else warm(from);
        const attempt = begin();
        try {
          const copying = await secondsOf(async () => {
            await attempt.copy();
            run(['sync', '-f', to]);
          });
          if (cold) disks.cool();
          return copying + (await secondsOf(attempt.verify));
        } finally {
          await attempt.end();
        }
      },
    }));
}

export function emptyTarget(disks: Disks, { to, manifest }: Places): void {
  disks.emptyTarget();
  mkdirSync(to);
  for (const end of ['', '.copylog', '.verifying']) rmSync(`${manifest}${end}`, { force: true });
}

/** Into memory, as far as it holds it. */
export function warm(folder: string): void {
  execFileSync('sh', ['-c', 'tar -C "$0" -cf - . | cat >/dev/null', folder]);
}
