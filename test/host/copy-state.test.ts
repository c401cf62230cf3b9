import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { copyState, finishCopy, isUnfinishedCopy } from '../../src/host/copy-state.ts';
import { listRuns } from '../../src/host/runs.ts';
import { temporaryFolder } from './folder.ts';

function sampleState(): string {
  const state = temporaryFolder();
  mkdirSync(`${state}/runs/one/logs`, { recursive: true });
  mkdirSync(`${state}/claims`);
  writeFileSync(`${state}/claims/one.json`, '{}');
  writeFileSync(`${state}/runs/one/journal.jsonl`, 'events\n', { mode: 0o600 });
  writeFileSync(`${state}/runs/one/lock.3`, '{}');
  writeFileSync(`${state}/runs/one/logs/a.1.log`, 'x'.repeat(100_000));
  return state;
}

test('a copy holds all runs with their modes, and neither locks nor claims', async () => {
  const from = sampleState();
  const to = `${temporaryFolder()}/new/state`;
  await copyState(from, to);
  await finishCopy(to);
  expect(readdirSync(to)).toEqual(['runs']);
  expect(readdirSync(`${to}/runs/one`).toSorted()).toEqual(['journal.jsonl', 'logs']);
  expect(statSync(`${to}/runs/one/journal.jsonl`).mode & 0o777).toBe(0o600);
  execFileSync('diff', ['-r', '-x', 'lock.3', `${from}/runs`, `${to}/runs`]);
  expect(existsSync(`${from}/runs/one/journal.jsonl`)).toBe(true);
});

test('a copy that was broken off is completed by the next', async () => {
  const from = sampleState();
  const to = temporaryFolder();
  writeFileSync(`${to}/.migrate-copying`, '');
  mkdirSync(`${to}/runs/one`, { recursive: true });
  writeFileSync(`${to}/runs/one/journal.jsonl`, 'ev');
  await copyState(from, to);
  expect(readFileSync(`${to}/runs/one/journal.jsonl`, 'utf8')).toBe('events\n');
  await finishCopy(to);
  expect(readdirSync(to)).toEqual(['runs']);
});

test('a copy that was killed before it had marked its folder is begun anew', async () => {
  const to = temporaryFolder();
  writeFileSync(`${to}/..migrate-copying.migrate-new`, '');
  await copyState(sampleState(), to);
  await finishCopy(to);
  expect(readdirSync(to)).toEqual(['runs']);
});

test('a copy cannot be used before it is finished', async () => {
  const to = temporaryFolder();
  await copyState(sampleState(), to);
  expect(await isUnfinishedCopy(to)).toBe(true);
  await expect(listRuns(to)).rejects.toMatchObject({
    code: 'state.unfinished-copy',
    exitCode: 6,
    hint: expect.stringContaining(`migrate state move ${to}`) as string,
  });
  await finishCopy(to);
  expect((await listRuns(to)).map(({ id }) => id)).toEqual(['one']);
});

test('a folder that holds something else is left alone', async () => {
  const from = sampleState();
  const to = temporaryFolder();
  writeFileSync(`${to}/precious`, '');
  await expect(copyState(from, to)).rejects.toMatchObject({ code: 'state.occupied', exitCode: 6 });
  expect(readdirSync(to)).toEqual(['precious']);
});

test('what cannot be copied is named, and the old state stays in use', async () => {
  const from = sampleState();
  execFileSync('mkfifo', [`${from}/runs/one/pipe`]);
  await expect(copyState(from, temporaryFolder())).rejects.toMatchObject({
    code: 'state.copy-failed',
    message: expect.stringContaining('pipe is neither') as string,
    hint: expect.stringContaining('stays in use') as string,
  });
});
