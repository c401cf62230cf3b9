/**
 * Measures, beside what people use today, and prints medians: `npm run bench -- [--full] [--rounds N]
 * [--only copy,startup,…] [--write]`. `--write` puts the tables into docs/performance.md.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { benchCopy } from './copy/bench.ts';
import { benchJournal } from './journal.ts';
import { benchStartup } from './startup.ts';
import { benchStatus } from './status.ts';
import { benchSteps } from './steps.ts';
import { tableOf, type Result } from './table.ts';

const { values } = parseArgs({
  options: {
    full: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '5' },
    only: { type: 'string' },
    write: { type: 'boolean', default: false },
    folder: { type: 'string', default: '/var/tmp' },
  },
});
const rounds = Number(values.rounds);
const benches: Record<string, () => Promise<Result[]>> = {
  startup: async () => [await benchStartup(rounds)],
  journal: async () => [await benchJournal(values.folder, rounds)],
  steps: async () => [await benchSteps(values.folder, rounds)],
  status: async () => [await benchStatus(values.folder, rounds)],
  copy: () => benchCopy({ full: values.full, rounds, folder: values.folder }),
};
const wanted = values.only?.split(',') ?? Object.keys(benches);
const tables: string[] = [];
for (const name of wanted) {
  const bench = benches[name];
  if (bench === undefined)
    throw new Error(`there is no benchmark ${name}: ${Object.keys(benches).join(', ')}`);
  // oxlint-disable-next-line no-await-in-loop -- one at a time
  for (const result of await bench()) {
    tables.push(tableOf(result));
    console.log(tables.at(-1));
  }
}
if (values.write) {
  const page = resolve(import.meta.dirname, '../docs/performance.md');
  const [head = ''] = readFileSync(page, 'utf8').split('<!-- measured -->');
  writeFileSync(page, `${head}<!-- measured -->\n\n${tables.join('\n')}`);
}
