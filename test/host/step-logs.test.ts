import { readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { expect, test } from 'vitest';
import { listStepLogs, openStepLogs, parseLogLine } from '../../src/host/step-logs.ts';
import { temporaryFolder } from './folder.ts';

const noon = () => Date.UTC(2026, 8, 21, 12);
const at = '2026-09-21T12:00:00.000Z';

test('each attempt of a step has its own log, with a mark for each stream', async () => {
  const folder = `${temporaryFolder()}/logs`;
  const logs = openStepLogs(folder, noon);
  logs.line('copy', 1, 'first', 'stdout');
  logs.line('copy', 1, 'bad\nworse', 'stderr');
  logs.line('copy', 2, '$ rsync', 'note');
  logs.close();
  expect(readFileSync(`${folder}/copy.1.log`, 'utf8')).toBe(
    `${at} out first\n${at} err bad\n${at} err worse\n`,
  );
  expect(statSync(`${folder}/copy.1.log`).mode & 0o777).toBe(0o600);
  expect(await listStepLogs(folder)).toEqual([
    { step: 'copy', attempt: 1, path: `${folder}/copy.1.log` },
    { step: 'copy', attempt: 2, path: `${folder}/copy.2.log` },
  ]);
});

test('a line of a log is read again as it was written', () => {
  expect(parseLogLine(`${at} err it  broke`)).toEqual({ at, stream: 'stderr', text: 'it  broke' });
  expect(parseLogLine(`${at} out `)).toEqual({ at, stream: 'stdout', text: '' });
  expect(parseLogLine('2026-09')).toBeUndefined();
});

test('a full disk fails nothing', () => {
  const folder = temporaryFolder();
  symlinkSync('/dev/full', `${folder}/copy.1.log`);
  const logs = openStepLogs(folder, noon);
  logs.line('copy', 1, 'lost', 'stdout');
  logs.line('copy', 1, 'lost too', 'stdout');
  logs.close();
  // As when somebody made room.
  rmSync(`${folder}/copy.1.log`);
  logs.line('copy', 1, 'kept', 'stdout');
  logs.close();
  expect(readFileSync(`${folder}/copy.1.log`, 'utf8')).toBe(
    `\n${at} note 2 lines are missing here\n${at} out kept\n`,
  );
});

test('a folder that cannot be created fails nothing', () => {
  const logs = openStepLogs('/proc/no/logs', noon);
  expect(() => logs.line('copy', 1, 'lost', 'stdout')).not.toThrow();
  logs.close();
});
