/**
 * Measures, beside what people use today, and prints medians: `npm run bench -- [--full] [--few] [--rounds N]
 * [--only startup,copy/cold,…] [--write]`. `--write` puts the tables into docs/performance.md, each in place
 * of the one of the same title.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { benchCopy, copyParts } from './copy/bench.ts';
import { benchJournal } from './journal.ts';
import { benchStartup } from './startup.ts';
import { benchStateDiscovery } from './state-discovery.ts';
import { benchStatus } from './status.ts';
import { benchSteps } from './steps.ts';
import { tableOf, withTables, type Result } from './table.ts';

const { values } = parseArgs({
  options: {
    full: { type: 'boolean', default: false },
    few: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '5' },
    only: { type: 'string' },
    write: { type: 'boolean', default: false },
    folder: { type: 'string', default: '/var/tmp' },
  },
});
const { full, few, folder } = values;
const rounds = Number(values.rounds);
const benches: Record<string, () => Promise<Result[]>> = {
  startup: async () => [await benchStartup(rounds)],
  journal: async () => [await benchJournal(folder, rounds)],
  steps: async () => [await benchSteps(folder, rounds)],
  status: async () => [await benchStatus(folder, rounds)],
  discovery: async () => [await benchStateDiscovery(rounds)],
};
const partNames = copyParts.map((part) => `copy/${part}`);
const known = [...Object.keys(benches), 'copy', ...partNames];
const wanted = values.only?.split(',') ?? [...Object.keys(benches), 'copy'];
const unknown = wanted.find((name) => !known.includes(name));
if (unknown !== undefined) throw new Error(`there is no benchmark ${unknown}: ${known.join(', ')}`);

// Parts of the copy share one tree, which takes minutes to grow.
const parts = copyParts.filter((part) => wanted.includes('copy') || wanted.includes(`copy/${part}`));
const results: Result[] = [];
const take = (found: readonly Result[]) => {
  results.push(...found);
  for (const result of found) console.log(tableOf(result));
};
// oxlint-disable-next-line no-await-in-loop -- one at a time
for (const name of wanted) take((await benches[name]?.()) ?? []);
if (parts.length > 0) take(await benchCopy({ full, rounds, folder, few }, parts));
if (values.write) {
  const page = resolve(import.meta.dirname, '../docs/performance.md');
  writeFileSync(page, withTables(readFileSync(page, 'utf8'), results));
}
