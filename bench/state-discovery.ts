import { execFileSync } from 'node:child_process';
import { thisMachine } from '../src/host/this-machine.ts';
import { discoverState } from '../src/operations/index.ts';
import { secondsOf, takeTurns } from './rounds.ts';
import type { Result } from './table.ts';

/** How long it takes to find the state on this machine's root file system, beside a mere sum of its sizes. */
export async function benchStateDiscovery(rounds: number): Promise<Result> {
  const base = '`du -xs /`';
  const host = thisMachine();
  const { folders, bytes } = await count();
  const timed = await takeTurns(
    [
      { name: base, run: () => secondsOf(() => execFileSync('du', ['-xs', '/'], { stdio: 'ignore' })) },
      {
        name: 'state discovery',
        run: async () => {
          const began = performance.now();
          await discoverState(host);
          return (performance.now() - began) / 1000;
        },
      },
    ],
    rounds,
  );
  const about = [
    `The root file system of this machine, warm: ${folders.toLocaleString('en-US')} folders, ${(bytes / 1e9).toFixed(1)} GB; ${rounds} rounds.`,
    'With owners, units, packages, homes and changed files of /etc.',
  ];
  return { title: 'State discovery', about, timed, base };
}

function count(): Promise<{ readonly folders: number; readonly bytes: number }> {
  const lines = execFileSync('du', ['-x', '--block-size=1', '/'], {
    encoding: 'utf8',
    maxBuffer: 1 << 30,
    stdio: ['ignore', 'pipe', 'ignore'],
  }).split('\n');
  return Promise.resolve({ folders: lines.length - 1, bytes: Number(lines.at(-2)?.split('\t')[0]) });
}
