import { expect, test } from 'vitest';
import { failuresSince } from '../../../src/operations/postgres/archiver.ts';
import { recoveryFailure } from '../../../src/operations/postgres/recovery-log.ts';
import { scratchFiles } from '../../../src/operations/postgres/scratch-settings.ts';

const given = { backup: '20261121T205434', target: '2026-11-21 21:00:00+00', folder: '/scratch' };

test.each([
  ['postgres.target-after-archive', 'FATAL:  recovery ended before configured recovery target was reached'],
  [
    'postgres.target-before-backup',
    'FATAL:  requested recovery stop point is before consistent recovery point',
  ],
  ['postgres.scratch-full', 'FATAL:  could not write to file "x": No space left on device'],
  ['postgres.recovery', 'PANIC:  something else'],
])('the log of a recovery that failed is told as %s', (code, log) => {
  expect(recoveryFailure(`LOG:  starting\n${log}\nLOG:  shutting down\n`, given)).toMatchObject({ code });
});

test('a scratch cluster never archives, whatever ALTER SYSTEM had set in the live one', () => {
  const files = scratchFiles(
    { folder: '/scratch', port: 54_329 },
    { destination: 's3://b', name: 'pg-main', credentials: '/c' },
    given.target,
    { settings: { max_connections: '100', shared_preload_libraries: "it's" } },
  );
  expect(files['/scratch/data/postgresql.auto.conf']).toBe('');
  const config = files['/scratch/postgresql.conf'];
  for (const line of [
    "archive_mode = 'off'",
    "listen_addresses = ''",
    "max_worker_processes = '0'",
    "shared_preload_libraries = 'it''s'",
  ])
    expect(config).toContain(`${line}\n`);
});

test('failures are counted from a moment, and all of them once the server has begun to count anew', () => {
  const since = { failed: 3, resetAt: 'a' };
  expect(failuresSince({ failed: 5, resetAt: 'a' }, since)).toBe(2);
  expect(failuresSince({ failed: 1, resetAt: 'b' }, since)).toBe(1);
  expect(failuresSince({ failed: 4, resetAt: 'b' }, undefined)).toBe(4);
});
