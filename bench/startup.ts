/**
 * How long `migrate --help` takes, beside Node.js with nothing to do: `npm run build && node bench/startup.ts`.
 * The two take turns, so that whatever else the machine does falls on both. Medians of 40 starts each.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const starts = 40;
const migrate = resolve(import.meta.dirname, '../dist/src/cli/migrate.js');

const cache = mkdtempSync(join(tmpdir(), 'migrate-bench-'));
const cached = { ...process.env, NODE_COMPILE_CACHE: cache };
const uncached = { ...process.env, NODE_DISABLE_COMPILE_CACHE: '1' };
const contenders = {
  'node -e 0': () => milliseconds(['-e', '0'], uncached),
  'migrate --help': () => milliseconds([migrate, '--help'], cached),
  'migrate --help, first start': () => milliseconds([migrate, '--help'], uncached),
};

try {
  milliseconds([migrate, '--help'], cached); // fills the cache
  const times = new Map(Object.keys(contenders).map((name) => [name, [] as number[]]));
  for (let round = 0; round < starts; round += 1) {
    for (const [name, start] of Object.entries(contenders)) times.get(name)?.push(start());
  }
  const base = median(times.get('node -e 0') ?? []);
  for (const [name, values] of times) {
    const ms = median(values);
    console.log(`${name.padEnd(30)} ${ms.toFixed(1).padStart(6)} ms  ${(ms / base).toFixed(2)} ×`);
  }
} finally {
  rmSync(cache, { recursive: true });
}

function milliseconds(args: readonly string[], env: NodeJS.ProcessEnv): number {
  const began = performance.now();
  execFileSync(process.execPath, args, { env, stdio: 'ignore' });
  return performance.now() - began;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
