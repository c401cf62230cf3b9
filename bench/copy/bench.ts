import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { secondsOf, takeTurns, type Contender } from '../rounds.ts';
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
  /** Only what people type first, and ours. */
  readonly few: boolean;
}

export const copyParts = ['cold', 'warm', 'verification', 'again', 'killed'] as const;
export type CopyPart = (typeof copyParts)[number];

/** A verified copy of a tree like a Nix store from one ext4 disk to another, beside what people type today. */
export async function benchCopy(
  { full, rounds, folder, few }: CopyBench,
  wanted: readonly CopyPart[],
): Promise<Result[]> {
  const disks = makeDisks(folder, full ? 12_000 : 2_000);
  try {
    const from = join(disks.source, 'store');
    const grown = growTree(from, { files: full ? 137_000 : 13_700, meanBytes: 43_000 }, 1);
    const tree = [
      `${grown.inodes.toLocaleString('en-US')} inodes, ${grown.hardLinks.toLocaleString('en-US')} further names,`,
      `${(grown.bytes / 1e9).toFixed(2)} GB, between two ext4 loop disks; ${cpus().length} cores, ${rsyncVersion()}, ${rounds} rounds.`,
    ].join(' ');
    const results: Result[] = [];
    for (const part of wanted) {
      const { title, says, base, contenders } = await partsOf(part, disks, from, few);
      results.push({
        title: full ? `${title}, as large as a store` : title,
        about: [tree, says],
        // oxlint-disable-next-line no-await-in-loop -- one at a time
        timed: await takeTurns(contenders, rounds),
        base,
      });
    }
    return results;
  } finally {
    disks.remove();
  }
}

interface Part {
  readonly title: string;
  readonly says: string;
  readonly base: string;
  readonly contenders: readonly Contender[];
}

async function partsOf(part: CopyPart, disks: Disks, from: string, few: boolean): Promise<Part> {
  const some = (cold: boolean) => contenders(disks, from, cold).slice(0, few ? (cold ? 2 : 3) : undefined);
  switch (part) {
    case 'cold':
      return {
        title: 'A verified copy, cold',
        says: 'Memory is emptied before the copy and before the verification, off the clock. Until the copy is on its disk: `sync -f` counts for all.',
        base: byHand,
        contenders: some(true),
      };
    case 'warm':
      return {
        title: 'A verified copy, warm',
        says: 'The source is in memory. What people type compares the copy in memory with the source in memory; ours reads the disk of the copy, and so does the third line, whose copy was dropped from memory.',
        base: byHand,
        contenders: some(false),
      };
    case 'verification':
      return {
        title: 'The verification alone, cold',
        says: 'Beside reading every file of the tree once, 16 at a time.',
        base: 'reading it once',
        contenders: await verification(disks, from),
      };
    case 'again':
      return {
        title: 'Again, with nothing to do',
        says: 'The copy is complete. rsync looks at sizes and times on both sides; the same run again looks whether anything was done to the source since, by inode and change time.',
        base: '`rsync -aHAX` again',
        contenders: await again(disks, from),
      };
    case 'killed':
      return {
        title: 'Killed half-way, cold',
        says: 'The program and its rsync are killed after half of the time of a whole copy, and memory is emptied.',
        base: 'a whole copy',
        contenders: killed(disks, from),
      };
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
