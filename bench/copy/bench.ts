import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { secondsOf, takeTurns } from '../rounds.ts';
import type { Result } from '../table.ts';
import { contenders, run, warm, ways } from './contenders.ts';
import { makeDisks, type Disks } from './disks.ts';
import { growTree } from './sample-tree.ts';

export interface CopyBench {
  /** As large as a real store: 147,000 inodes, 5.9 GB; else a tenth of it. */
  readonly full: boolean;
  readonly rounds: number;
  /** Of a real disk, with room for two trees. */
  readonly folder: string;
}

const base = '`rsync -aHAX`, `rsync -aHAXc -n`';

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
    const cold = 'Memory is emptied before the copy and before the verification; the emptying is not timed.';
    const result = (title: string, says: string, timed: Result['timed'], against = base): Result => ({
      title,
      about: [about, says].filter(Boolean),
      timed,
      base: against,
    });
    return [
      result('A verified copy, cold', cold, await takeTurns(contenders(disks, from, true, 'both'), rounds)),
      result(
        'A verified copy, warm',
        'The source is in memory.',
        await takeTurns(contenders(disks, from, false, 'both'), rounds),
      ),
      result(
        'The verification alone, cold',
        'Beside reading every file of the tree once, 16 at a time.',
        await takeTurns(verification(disks, from), rounds),
        'reading it once',
      ),
      result(
        'Again, with nothing to do',
        'The copy is complete; beside rsync, which looks at sizes and times alone.',
        await takeTurns(again(disks, from), rounds),
        '`rsync -aHAX` again',
      ),
    ];
  } finally {
    disks.remove();
  }
}

function verification(disks: Disks, from: string) {
  const { to, ours } = copied(disks, from);
  return [
    {
      name: 'reading it once',
      run() {
        disks.cool();
        return secondsOf(() =>
          run([
            'sh',
            '-c',
            'find "$0" -type f -links 1 -print0 -o -type f -path "*/.links/*" -print0 | xargs -0 -P16 -n64 cat >/dev/null',
            to,
          ]),
        );
      },
    },
    {
      name: 'migrate',
      run() {
        disks.cool();
        return secondsOf(() => run(ours.verify));
      },
    },
  ];
}

function again(disks: Disks, from: string) {
  const { to, ours } = copied(disks, from);
  return [
    {
      name: '`rsync -aHAX` again',
      run() {
        warm(from);
        return secondsOf(() => run(['rsync', '-aHAX', '--delete', `${from}/`, `${to}/`]));
      },
    },
    {
      name: 'migrate',
      run() {
        warm(from);
        return secondsOf(() => run(ours.copy));
      },
    },
  ];
}

/** A copy of ours that is complete. */
function copied(disks: Disks, from: string) {
  const [to, manifest] = [join(disks.target, 'copy'), join(disks.place, 'manifest')];
  disks.emptyTarget();
  mkdirSync(to);
  for (const end of ['', '.copylog', '.verifying']) rmSync(`${manifest}${end}`, { force: true });
  const ours = ways(from, to, manifest).find(({ name }) => name === 'migrate');
  if (ours === undefined) throw new Error('there is no way of ours');
  run(ours.copy);
  return { to, ours };
}

function rsyncVersion(): string {
  return (
    execFileSync('rsync', ['--version'], { encoding: 'utf8' })
      .split('  protocol')[0]
      ?.replace(/ +version/, '') ?? 'rsync'
  );
}
