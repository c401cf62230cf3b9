import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createRunFolder, listRuns, newRunId } from '../../src/host/runs.ts';
import { temporaryFolder } from './folder.ts';

const day = Date.UTC(2026, 8, 21, 23, 59);

test("a run's id tells its runbook and its day", () => {
  expect(newRunId('move-home', day, () => 31)).toBe('move-home-20260921-zzzz');
});

test('no two runs have one id', async () => {
  const state = temporaryFolder();
  let count = 0;
  // Four times nought, as another run got before, then something else.
  const random = () => Math.floor(count++ / 4);
  mkdirSync(`${state}/runs/move-home-20260921-0000`, { recursive: true });
  const run = await createRunFolder(state, 'move-home', day, random);
  expect(run.id).toBe('move-home-20260921-1111');
  expect(readdirSync(run.folder).toSorted()).toEqual(['logs', 'sources']);
});

test('only runs whose journal has begun are listed', async () => {
  const state = temporaryFolder();
  expect(await listRuns(state)).toEqual([]);
  const one = await createRunFolder(state, 'move-home', day);
  await createRunFolder(state, 'move-home', day);
  writeFileSync(one.journal, '{}\n');
  expect(await listRuns(state)).toEqual([one]);
});

test('a state folder that cannot be written is named', async () => {
  const state = temporaryFolder();
  writeFileSync(`${state}/runs`, '');
  await expect(createRunFolder(state, 'move-home', day)).rejects.toMatchObject({
    code: 'state.unwritable',
    exitCode: 6,
  });
});
