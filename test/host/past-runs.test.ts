import { appendFileSync, cpSync, globSync, mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { readJournal } from '../../src/host/journal-file.ts';
import { pastRunsIn } from '../../src/host/past-runs.ts';
import { fold } from '../../src/journal/fold.ts';
import { temporaryFolder } from './folder.ts';

const journals = globSync('../../fixtures/journals/*/*.jsonl', { cwd: import.meta.dirname }).map((file) =>
  resolve(import.meta.dirname, file),
);

/** A state folder with the runs of recorded journals, and how each of them stands by its fold. */
async function recorded() {
  const state = temporaryFolder();
  const standing = await Promise.all(
    journals.map(async (file) => {
      const { run, runbook, status, startedAt } = fold((await readJournal(file)).events);
      mkdirSync(join(state, 'runs', run), { recursive: true });
      cpSync(file, join(state, 'runs', run, 'journal.jsonl'));
      return { id: run, runbook, status, startedAt };
    }),
  );
  return { state, standing };
}

test('tells each run of a runbook as its journal does, and none of another', async () => {
  const { state, standing } = await recorded();
  expect(standing.length).toBeGreaterThan(4);
  for (const runbook of new Set(standing.map((one) => one.runbook))) {
    // oxlint-disable-next-line no-await-in-loop -- few
    const found = await pastRunsIn(state).of(runbook);
    expect(found.map(({ id, status, startedAt }) => ({ id, status, startedAt }))).toEqual(
      standing
        .filter((one) => one.runbook === runbook)
        .toSorted((one, other) => one.startedAt.localeCompare(other.startedAt))
        .map(({ id, status, startedAt }) => ({ id, status, startedAt })),
    );
    for (const { done, workedMs } of found) {
      expect(done.every(({ at }) => !Number.isNaN(Date.parse(at)))).toBe(true);
      expect(workedMs).toBeGreaterThanOrEqual(0);
    }
  }
  expect(await pastRunsIn(state).of('no-such-runbook')).toEqual([]);
  expect(await pastRunsIn(join(state, 'nowhere')).of('any')).toEqual([]);
});

test('says of a damaged journal that it is damaged, and nothing else, and changes none', async () => {
  const { state, standing } = await recorded();
  const [one] = standing;
  const journal = join(state, 'runs', one?.id ?? '', 'journal.jsonl');
  appendFileSync(journal, 'no event\n');
  const before = readFileSync(journal);
  const [found] = await pastRunsIn(state).of(one?.runbook ?? '');
  expect(found).toMatchObject({ id: one?.id, status: 'damaged', params: undefined, done: [] });
  expect(readFileSync(journal)).toEqual(before);
});
