import fc from 'fast-check';
import { expect, test } from 'vitest';
import { backupAge, checkOf } from '../../../src/operations/index.ts';
import { newestOf } from '../../../src/operations/health/backups.ts';
import type { CommandResult } from '../../../src/runbook/index.ts';

const of = {
  repository: '/srv/restic',
  password: { secret: 'file' as const, name: '/etc/restic' },
  host: 'forge',
  path: '/persist/sonarr',
  tag: 'sonarr',
};

const snapshot = fc.record({
  id: fc.string(),
  time: fc
    .date({ min: new Date(0), max: new Date('2026-09-21'), noInvalidDate: true })
    .map((date) => date.toISOString()),
  hostname: fc.constantFrom('forge', 'luna'),
  paths: fc.subarray(['/persist/sonarr', '/persist/sonarr/logs', '/persist/radarr']),
  tags: fc.option(fc.subarray(['sonarr', 'radarr', 'pre-migration'])),
});

test('the newest snapshot of one service is never that of another folder, machine or tag', () => {
  fc.assert(
    fc.property(fc.array(snapshot), (snapshots) => {
      const right = snapshots.filter(
        ({ hostname, paths, tags }) =>
          hostname === 'forge' && paths.includes('/persist/sonarr') && (tags ?? []).includes('sonarr'),
      );
      const newest = newestOf(snapshots, of);
      expect(newest?.time).toBe(
        right
          .map(({ time }) => time)
          .toSorted()
          .at(-1),
      );
      if (newest !== undefined) expect(right).toContain(newest);
    }),
  );
});

test.each<[string, Partial<CommandResult>]>([
  ['locked', { exitCode: 11, stderr: 'repository is already locked' }],
  ['exited with 12', { exitCode: 12, stderr: 'wrong password or no key found' }],
  ['Is there a repository', { exitCode: 10, stderr: 'Is there a repository at the following location?' }],
  ['JSON', { exitCode: 0, stdout: 'no JSON at all' }],
])('a repository that does not answer (%s) is BLOCKED, and not without a backup', async (says, answer) => {
  const host = { exec: async () => ({ stdout: '', stderr: '', exitCode: 0, ...answer }) };
  const finding = await checkOf(backupAge(of)).run({ host, signal: new AbortController().signal } as never);
  expect(finding.verdict).toBe('BLOCKED');
  expect(finding.observed).toContain(says);
});
