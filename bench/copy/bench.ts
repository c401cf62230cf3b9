import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { secondsOf, takeTurns } from '../rounds.ts';
import type { Result } from '../table.ts';
import { contenders, emptyTarget, placesOn, warm } from './contenders.ts';
import { makeDisks, type Disks } from './disks.ts';
import { growTree } from './sample-tree.ts';
import { beginOurs, byHand, run } from './ways.ts';

export interface CopyBench {
  /** As large as a real store: 147,000 inodes, 5.9 GB; else a tenth of it. */
  readonly full: boolean;
  readonly rounds: number;
  /** Of a real disk, with room for two trees. */
  readonly folder: string;
}

/** A verified copy of a tree like a Nix store from one ext4 disk to another, beside what people type today. */
export async function benchCopy({ full, rounds, folder }: CopyBench): Promise<Result[]> {
  const disks = makeDisks(folder, full ? 12_000 : 2_000);
  try {
    const from = join(disks.source, 'store');
    const grown = growTree(from, { files: full ? 137_000 : 13_700, meanBytes: 43_000 }, 1);
    const about = [
      `${grown.inodes.toLocaleString('en-US')} inodes, ${grown.hardLinks.toLocaleString('en-US')} further names,`,
      `${(grown.bytes / 1e9).toFixed(2)} GB, between two ext4 loop disks; ${cpus().length} cores, ${rsyncVersion()}, ${rounds} rounds.`,
    ].join(' ');
    const cold =
      'Memory is emptied before the copy and before the verification, off the clock. Until the copy is on its disk: `sync -f` counts for all.';
    const result = (title: string, says: string, timed: Result['timed'], against = byHand): Result => ({
      title,
      about: [about, says].filter(Boolean),
      timed,
      base: against,
    });
    return [
      result('A verified copy, cold', cold, await takeTurns(contenders(disks, from, true), rounds)),
      result(
        'A verified copy, warm',
        'The source is in memory. By hand, the verification reads the copy from memory too; ours reads its disk.',
        await takeTurns(contenders(disks, from, false), rounds),
      ),
      result(
        'The verification alone, cold',
        'Beside reading every file of the tree once, 16 at a time.',
        await takeTurns(await verification(disks, from), rounds),
        'reading it once',
      ),
      result(
        'Again, with nothing to do',
        'The copy is complete. rsync looks at sizes and times on both sides; the same run again looks whether anything was done to the source since, by inode and change time.',
        await takeTurns(await again(disks, from), rounds),
        '`rsync -aHAX` again',
      ),
      result(
        'Killed half-way, cold',
        'The program and its rsync are killed after half of the time of a whole copy, and memory is emptied.',
        await takeTurns(killed(disks, from), rounds),
        'a whole copy',
      ),
    ];
  } finally {
    disks.remove();
  }
}

async function verification(disks: Disks, from: string) {
  const places = await copied(disks, from);
  const everyFile =
    'find "$0" -type f -links 1 -print0 -o -type f -path "*/.links/*" -print0 | xargs -0 -P16 -n64 cat >/dev/null';
  return [
    {
      name: 'reading it once',
      run() {
        disks.cool();
        return secondsOf(() => run(['sh', '-c', everyFile, places.to]));
      },
    },
    {
      name: 'migrate',
      run() {
        disks.cool();
        return inOne(places, ({ verify }) => secondsOf(verify));
      },
    },
  ];
}

async function again(disks: Disks, from: string) {
  const places = await copied(disks, from);
  return [
    {
      name: '`rsync -aHAX` again',
      run() {
        warm(from);
        return secondsOf(() => run(['rsync', '-aHAX', '--delete', `${from}/`, `${places.to}/`]));
      },
    },
    {
      name: 'migrate, the same run again',
      run() {
        warm(from);
        return inOne(places, ({ probe }) => secondsOf(probe));
      },
    },
    {
      name: 'migrate, a new final pass with a new manifest',
      run() {
        warm(from);
        return inOne(places, ({ copy }) => secondsOf(copy));
      },
    },
  ];
}

/** A whole copy, and what is left of one that was killed after half of the time which the last whole one took. */
function killed(disks: Disks, from: string) {
  const places = placesOn(disks, from);
  let whole = Number.NaN;
  return [
    {
      name: 'a whole copy',
      async run() {
        emptyTarget(disks, places);
        disks.cool();
        whole = await inOne(places, ({ copy }) => secondsOf(copy));
        return whole;
      },
    },
    {
      name: 'the rest of one killed half-way',
      async run() {
        emptyTarget(disks, places);
        disks.cool();
        const attempt = beginOurs(places.from, places.to, places.manifest);
        const ended = Promise.resolve(attempt.copy()).catch(() => {});
        await setTimeout((whole * 1_000) / 2);
        await attempt.end();
        await ended;
        disks.cool();
        return inOne(places, ({ copy }) => secondsOf(copy));
      },
    },
  ];
}

async function inOne(
  { from, to, manifest }: ReturnType<typeof placesOn>,
  work: (attempt: ReturnType<typeof beginOurs>) => Promise<number>,
): Promise<number> {
  const attempt = beginOurs(from, to, manifest);
  try {
    return await work(attempt);
  } finally {
    await attempt.end();
  }
}

/** A copy of ours that is complete. */
async function copied(disks: Disks, from: string): Promise<ReturnType<typeof placesOn>> {
  const places = placesOn(disks, from);
  emptyTarget(disks, places);
  await inOne(places, ({ copy, verify }) =>
    secondsOf(async () => {
      await copy();
      await verify();
    }),
  );
  return places;
}

function rsyncVersion(): string {
  return (
    execFileSync('rsync', ['--version'], { encoding: 'utf8' })
      .split('  protocol')[0]
      ?.replace(/ +version/, '') ?? 'rsync'
  );
}
