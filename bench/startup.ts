import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { takeTurns } from './rounds.ts';
import type { Result } from './table.ts';

const startsARound = 8;
const migrate = resolve(import.meta.dirname, '../dist/src/cli/migrate.js');

/** How long `migrate --help` takes, beside Node.js with nothing to do. Wants `npm run build` first. */
export async function benchStartup(rounds: number): Promise<Result> {
  const cache = mkdtempSync(join(tmpdir(), 'migrate-bench-'));
  const cached = { ...process.env, NODE_COMPILE_CACHE: cache };
  const uncached = { ...process.env, NODE_DISABLE_COMPILE_CACHE: '1' };
  try {
    seconds([migrate, '--help'], cached); // fills the cache
    const timed = await takeTurns(
      [
        { name: '`node -e 0`', run: () => seconds(['-e', '0'], uncached) },
        { name: '`migrate --help`', run: () => seconds([migrate, '--help'], cached) },
        { name: '`migrate --help`, first start', run: () => seconds([migrate, '--help'], uncached) },
      ],
      rounds * startsARound,
    );
    const about = [`Node.js ${process.versions.node}, ${rounds * startsARound} starts each.`];
    return { title: 'Starting', about, timed, base: '`node -e 0`' };
  } finally {
    rmSync(cache, { recursive: true });
  }
}

function seconds(args: readonly string[], env: NodeJS.ProcessEnv): number {
  const began = performance.now();
  execFileSync(process.execPath, args, { env, stdio: 'ignore' });
  return (performance.now() - began) / 1_000;
}
