import { expect, it } from 'vitest';
import {
  otherReplication,
  syncoidCommand,
  syncoidFailure,
} from '../../../src/operations/replication/syncoid.ts';
import type { Host } from '../../../src/runbook/index.ts';

it('a replication never rolls a target back, and excludes whole names only', () => {
  const { argv } = syncoidCommand({
    source: 'tank/persist',
    target: 'backup-pool/tank-replica',
    exclude: ['tank/persist/home.d'],
    unmounted: true,
  });
  expect(argv).toContain('--no-rollback');
  expect(argv).not.toContain('--force-delete');
  const pattern = argv.find((word) => word.startsWith('--exclude='))?.slice('--exclude='.length) ?? '';
  const excluded = [
    'tank/persist/home.d',
    'tank/persist/home.d/x',
    'tank/persist/home-d',
    'tank/persist/home.db',
  ];
  expect(excluded.filter((name) => new RegExp(pattern).test(name))).toEqual(excluded.slice(0, 2));
});

it.each([
  [
    'target-changed',
    'cannot receive incremental stream: destination b/r has been modified\nsince most recent snapshot',
  ],
  ['full', 'cannot receive new filesystem stream: out of space'],
  ['no-pool', "cannot open 'backup-pool/r': dataset does not exist"],
  ['no-pool', "cannot open 'backup-pool': no such pool"],
  ['pruned', "cannot open 'tank/a@autosnap_1': dataset does not exist"],
  ['pruned', 'WARNING: could not send tank/a@x:\nincremental source (tank/a@y) does not exist'],
  ['busy', 'Cannot sync now: b/r is already target of a zfs receive process.'],
  ['unrelated', 'CRITICAL ERROR: Target b/r exists but has no snapshots matching with tank/a!'],
  ['failed', 'something else'],
])('syncoid failing is read as %s from the words of ZFS', (failure, stderr) => {
  expect(syncoidFailure({ stdout: '', stderr })).toBe(failure);
});

it.each([
  ['1 /usr/bin/perl /usr/sbin/syncoid --recursive tank/a backup/r', true],
  ['1 perl /nix/store/x-sanoid-2.2/bin/.syncoid-wrapped tank/a backup/r', true],
  ["1 zfs receive -s 'backup/r/child'", true],
  ['1 /usr/bin/perl /usr/sbin/syncoid tank/a backup/r2', false],
  ['1 vim syncoid.md backup/r', false],
])('another replication is known by its process: %s', async (line, busy) => {
  const host = { exec: () => Promise.resolve({ stdout: `    9 sh\n ${line}\n`, stderr: '', exitCode: 0 }) };
  expect((await otherReplication(host as unknown as Host, 'backup/r')) !== undefined).toBe(busy);
});
