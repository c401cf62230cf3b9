/**
 * Measures, beside what people use today, and prints medians: `npm run bench -- [--full] [--few] [--rounds N]
 * [--only startup,copy/cold,…] [--write]`. `--write` puts the tables into docs/performance.md, each in place
 * of the one of the same title.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { benchCopy, copyParts, type CopyPart } from './copy/bench.ts';
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
const copy = (parts: readonly CopyPart[]) => () => benchCopy({ full, rounds, folder, few }, parts);
const benches: Record<string, () => Promise<Result[]>> = {
  startup: async () => [await benchStartup(rounds)],
  journal: async () => [await benchJournal(folder, rounds)],
  steps: async () => [await benchSteps(folder, rounds)],
  status: async () => [await benchStatus(folder, rounds)],
  discovery: async () => [await benchStateDiscovery(rounds)],
  copy: copy(copyParts),
  ...Object.fromEntries(copyParts.map((part) => [`copy/${part}`, copy([part])])),
};
const wanted = values.only?.split(',') ?? ['startup', 'journal', 'steps', 'status', 'discovery', 'copy'];
const results: Result[] = [];
for (const name of wanted) {
  const bench = benches[name];
  if (bench === undefined)
    throw new Error(`there is no benchmark ${name}: ${Object.keys(benches).join(', ')}`);
  // oxlint-disable-next-line no-await-in-loop -- one at a time
  for (const result of await bench()) {
    results.push(result);
    console.log(tableOf(result));
  }
}
if (values.write) {
  const page = resolve(import.meta.dirname, '../docs/performance.md');
  writeFileSync(page, withTables(readFileSync(page, 'utf8'), results));
}
