import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { thisMachine } from '../../../src/host/this-machine.ts';
import { backupAge, checkOf } from '../../../src/operations/index.ts';
import { sh, type Host } from '../../../src/runbook/index.ts';
import { temporaryFolder } from '../../host/folder.ts';

const day = 24 * 3_600_000;

/** The machine at another time. */
function at(wall: number): Host {
  return thisMachine({ clock: { now: () => ({ wall, boottime: 0, monotonic: 0 }), sleep: async () => {} } });
}

describe('backupAge', () => {
  test('is of the newest snapshot of this folder, this machine and this tag, whatever else is in the repository', async () => {
    const root = temporaryFolder();
    const [repository, sonarr, radarr] = ['repository', 'sonarr', 'radarr'].map((name) =>
      join(root, name),
    ) as [string, string, string];
    const password = { secret: 'file' as const, name: join(root, 'password') };
    writeFileSync(password.name, 'secret\n', { mode: 0o600 });
    for (const folder of [sonarr, radarr]) {
      mkdirSync(folder);
      writeFileSync(join(folder, 'data'), 'x');
    }
    const host = thisMachine();
    const env = {
      RESTIC_REPOSITORY: repository,
      RESTIC_PASSWORD: password,
      RESTIC_CACHE_DIR: join(root, 'cache'),
    };
    const run = (...args: string[]) => host.exec(sh.with({ env })`restic ${args}`);
    await run('init');
    await run('backup', '--host', 'forge', '--tag', 'sonarr', '--time', '2026-09-18 12:00:00', sonarr);
    await run('backup', '--host', 'forge', '--tag', 'radarr', '--time', '2026-09-20 12:00:00', radarr);
    await run('backup', '--host', 'luna', '--tag', 'sonarr', '--time', '2026-09-20 12:00:00', sonarr);
    const of = {
      repository,
      password,
      env: { RESTIC_CACHE_DIR: join(root, 'cache') },
      host: 'forge',
      path: sonarr,
    };
    const taken = Date.parse('2026-09-18T12:00:00');
    const check = (more: object, wall: number) =>
      checkOf(backupAge({ ...of, ...more })).run({
        host: at(wall),
        signal: new AbortController().signal,
      } as never);

    expect(await check({ tag: 'sonarr' }, taken + day)).toMatchObject({
      verdict: 'PASS',
      evidence: { value: 24 },
    });
    expect((await check({}, taken + 1.5 * day)).verdict).toBe('PARTIAL');
    expect((await check({}, taken + 2.5 * day)).verdict).toBe('FAIL');
    expect(await check({ tag: 'plex' }, taken + day)).toMatchObject({
      verdict: 'FAIL',
      observed: `never: there is no snapshot of ${sonarr} by forge with the tag plex`,
    });
    expect(await check({}, taken - day)).toMatchObject({
      verdict: 'BLOCKED',
      observed: expect.stringContaining('bears a time in the future'),
    });
    writeFileSync(password.name, 'another\n');
    expect(await check({}, taken + day)).toMatchObject({
      verdict: 'BLOCKED',
      observed: expect.stringContaining(
        'age of the last backup cannot be measured: restic snapshots exited with',
      ),
    });
  });
});
