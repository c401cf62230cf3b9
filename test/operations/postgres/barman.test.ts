import { expect, test } from 'vitest';
import {
  archiveCommand,
  barmanFailure,
  barmanFlags,
  restoreCommand,
} from '../../../src/operations/postgres/barman.ts';

const archive = {
  destination: 's3://backups/a%b',
  name: 'pg-main',
  credentials: "/run/secrets/it's here",
  endpoint: 'http://127.0.0.1:9000',
  programs: '/opt/barman',
};
const flags = { version: '3.4.0', gzip: ['--gzip'], names: true, immediateCheckpoint: true };

test('archive_command names the destination, the server and the file, and a percent sign is the server’s only in %p', () => {
  expect(archiveCommand(archive, flags)).toBe(
    String.raw`AWS_SHARED_CREDENTIALS_FILE='/run/secrets/it'\''s here' /opt/barman/barman-cloud-wal-archive --gzip --endpoint-url http://127.0.0.1:9000 s3://backups/a%%b pg-main %p`,
  );
  expect(restoreCommand(archive)).toMatch(/barman-cloud-wal-restore .* pg-main %f %p$/);
});

test('gzip is asked for by the flag that both programs have, and never by one that only one of them has', () => {
  const old =
    'usage: x [-z | -j | --snappy] [-n BACKUP_NAME]\n  -z, --gzip            gzip\n  -n BACKUP_NAME, --name BACKUP_NAME\n';
  expect(barmanFlags('3.4.0', old, old)).toEqual({
    version: '3.4.0',
    gzip: ['--gzip'],
    names: true,
    immediateCheckpoint: false,
  });
  const other = '  --compression {gzip,zstd}\n';
  expect(barmanFlags('9', other, `${other}--immediate-checkpoint\n`).gzip).toEqual(['--compression', 'gzip']);
  expect(() => barmanFlags('9', old, other)).toThrow('no flag for gzip');
  expect(() => barmanFlags('9', '--gzip-level N', '--gzip-level N')).toThrow('no flag for gzip');
});

test.each([
  ['unreachable', 2, "Can't connect to cloud provider: Could not connect to the endpoint URL"],
  ['no-bucket', 1, 'ERROR: Bucket absent does not exist'],
  ['refused', 4, 'An error occurred (403) when calling the HeadBucket operation: Forbidden'],
  ['no-credentials', 4, 'Barman cloud WAL archive check exception: Unable to locate credentials'],
  ['no-backup', 1, 'ERROR: Backup 20200101T000000 for server pg-main does not exists'],
  ['no-space', 4, '[Errno 28] No space left on device'],
  ['failed', 4, 'something that nobody has seen'],
] as const)('a failure of barman-cloud is told as %s', (failure, exitCode, stderr) => {
  expect(barmanFailure({ exitCode, stderr })).toBe(failure);
});
