import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { secondsOf, type Contender } from '../rounds.ts';
import type { Disks } from './disks.ts';
import { run, ways, type Way } from './ways.ts';

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
 * memory is emptied before each of its two halves, off the clock; else it holds the source all the time.
 */
export function contenders(disks: Disks, from: string, cold: boolean): Contender[] {
  const places = placesOn(disks, from);
  const here = ways(from, places.to, places.manifest).filter(({ isHere }) => isHere);
  const cool = () => disks.cool();
  const timed = here.map((way) => contender(way, disks, places, cold ? [cool, cool] : [() => warm(from)]));
  if (cold) return timed;
  // What it takes by hand to verify what is on the disk: beside it stands what people type, which reads memory.
  const [typed, ours, ...others] = timed;
  const [byHandWay] = here;
  if (typed === undefined || ours === undefined || byHandWay === undefined) return timed;
  const fromDisk = { ...byHandWay, name: `${byHandWay.name}, the copy read from its disk` };
  const coolTarget = () => disks.coolTarget();
  return [typed, ours, contender(fromDisk, disks, places, [() => warm(from), coolTarget]), ...others];
}

/** @param before off the clock, what comes before the copy and before the verification */
function contender(
  { name, begin }: Way,
  disks: Disks,
  places: Places,
  [beforeCopy, beforeVerification]: readonly (() => void)[],
): Contender {
  return {
    name,
    async run() {
      emptyTarget(disks, places);
      beforeCopy?.();
      const attempt = begin();
      try {
        const copying = await secondsOf(async () => {
          await attempt.copy();
          run(['sync', '-f', places.to]);
        });
        beforeVerification?.();
        return copying + (await secondsOf(attempt.verify));
      } finally {
        await attempt.end();
      }
    },
  };
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
