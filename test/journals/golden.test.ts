import { cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readJournal } from '../../src/host/journal-file.ts';
import { eventBody } from '../../src/journal/event.ts';
import { fold } from '../../src/journal/fold.ts';
import { isOver } from '../../src/journal/state.ts';
import { doctorDocument } from '../../src/render/documents/doctor.ts';
import { statusDocument } from '../../src/render/documents/status.ts';
import { migrate } from '../cli-processes/migrate.ts';
import { newPlace, type Place } from '../cli-processes/place.ts';
import { allJournals, thisVersion } from './places.ts';
import { summaryOf } from './summary.ts';

const timeout = 120_000;
const golden = allJournals();

/** A state folder that holds the runs of a version, each with its runbook, as if they had been begun here. */
async function withRuns(version: string): Promise<{ place: Place; runs: ReadonlyMap<string, string> }> {
  const place = newPlace();
  const runs = new Map<string, string>();
  for (const { version: its, name, file } of golden) {
    if (its !== version) continue;
    // oxlint-disable-next-line no-await-in-loop -- few
    const { run } = fold((await readJournal(file)).events);
    const folder = join(place.state, 'runs', run);
    for (const each of [place.state, join(place.state, 'runs'), folder, join(folder, 'sources')]) {
      mkdirSync(each, { mode: 0o700, recursive: true });
    }
    cpSync(file, join(folder, 'journal.jsonl'));
    cpSync(file.replace('.jsonl', '.ts'), join(folder, 'sources/runbook.ts'));
    runs.set(name, run);
  }
  return { place, runs };
}

test('every type of event stands in the journals of this version', async () => {
  const mine = golden.filter(({ file }) => file.startsWith(`${thisVersion}/`));
  const journals = await Promise.all(mine.map(({ file }) => readJournal(file)));
  const types = new Set(journals.flatMap(({ events }) => events.map(({ type }) => type)));
  const all = eventBody.options.map((option) => option.shape.type.value);
  expect(
    all.filter((type) => !types.has(type)),
    'make them anew, as CONTRIBUTING.md says under Golden journals',
  ).toEqual([]);
});

test.each(golden)(
  'the journal $name of version $version is read, and tells what it told then',
  async ({ file }) => {
    const { events, torn } = await readJournal(file);
    expect(torn).toBeUndefined();
    expect(summaryOf(fold(events))).toEqual(
      JSON.parse(readFileSync(file.replace('.jsonl', '.state.json'), 'utf8')),
    );
  },
);

describe.each([...new Set(golden.map(({ version }) => version))])('the runs of version %s', (version) => {
  test('are shown, examined, and where they are unfinished go on or back', { timeout }, async () => {
    const { place, runs } = await withRuns(version);
    const status = await migrate(place, 'status', '--json');
    expect([status.exit, status.stderr]).toEqual([0, '']);
    const shown = statusDocument.parse(JSON.parse(status.stdout));
    const states = await Promise.all(
      golden
        .filter((each) => each.version === version)
        .map(async ({ file }) => fold((await readJournal(file)).events)),
    );
    expect(shown.runs.map(({ run }) => run).toSorted()).toEqual(
      states
        .filter((state) => !isOver(state))
        .map(({ run }) => run)
        .toSorted(),
    );
    const doctor = await migrate(place, 'doctor', '--json');
    const { runs: examined } = doctorDocument.parse(JSON.parse(doctor.stdout));
    expect(examined.map(({ run }) => run).toSorted()).toEqual([...runs.values()].toSorted());
    expect(examined.filter(({ verdict }) => verdict === 'damaged')).toEqual([]);

    const say = async (...words: string[]) => {
      const { exit, stdout, stderr } = await migrate(place, ...words);
      return { exit, said: stdout + stderr };
    };
    const id = (name: string) => runs.get(name) ?? '';
    const forth = await say('resume', id('doubt'), '--yes');
    expect(forth.exit, forth.said).toBe(0);
    for (const name of ['soak', 'confirm-within', 'moved']) {
      // oxlint-disable-next-line no-await-in-loop -- each locks the claims
      const back = await say('rollback', id(name), '--yes');
      expect(back.exit, back.said).toBe(0);
    }
    const over = await say('resume', id('edited'));
    expect(over.exit, over.said).toBe(2);
    expect(existsSync(join(place.state, 'runs', id('doubt'), 'journal.end'))).toBe(true);
  });
});
