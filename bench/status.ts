import { execFileSync } from 'node:child_process';
import { placeFor } from './many-steps.ts';
import { secondsOf, takeTurns } from './rounds.ts';
import type { Result } from './table.ts';

const steps = 10_000;

/** How long it takes to look at a run of 10,000 steps, and to plan another. Wants `npm run build` first. */
export async function benchStatus(folder: string, rounds: number): Promise<Result> {
  const place = placeFor(folder, steps, "describe: 'nothing', run: async () => {}");
  try {
    place.migrate('run', place.runbook, '--yes');
    const run = place.lastRun();
    const contender = (...args: string[]) => ({
      name: `\`migrate ${args[0]}\``,
      run: () => secondsOf(() => place.migrate(...args)),
    });
    const timed = await takeTurns(
      [
        {
          name: '`node -e 0`',
          run: () => secondsOf(() => execFileSync(process.execPath, ['-e', '0'], { stdio: 'ignore' })),
        },
        contender('status', run),
        contender('plan', place.runbook),
        contender('logs', run),
      ],
      rounds,
    );
    const about = [`A run of ${steps.toLocaleString('en-US')} steps; ${rounds} rounds.`];
    return { title: 'Looking at a long run', about, timed, base: '`node -e 0`' };
  } finally {
    place.remove();
  }
}
