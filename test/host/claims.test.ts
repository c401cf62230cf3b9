import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { claimResources, listClaims, releaseClaims, type ClaimRequest } from '../../src/host/claims.ts';
import { claimsFolder, otherStateFolders, stateFolder } from '../../src/host/folders.ts';
import type { Claim } from '../../src/runbook/index.ts';
import { temporaryFolder } from './folder.ts';

const source = (path: string): Claim => ({ kind: 'path', path, role: 'source' });
const request = (folder: string, run: string, ...claims: Claim[]): ClaimRequest => ({
  run,
  runbook: 'move-home',
  stateFolder: folder,
  claims,
  since: Date.UTC(2026, 8, 21),
  command: 'migrate run',
});

test('a run that needs what another holds is told which run that is and how to end it', async () => {
  const folder = temporaryFolder();
  mkdirSync(`${folder}/runs/one`, { recursive: true });
  const claims = `${folder}/claims`;
  await claimResources(claims, request(folder, 'one', source('/srv/a'), { kind: 'unit', unit: 'a.service' }));
  await expect(claimResources(claims, request(folder, 'two', source('/srv/a/b')))).rejects.toMatchObject({
    code: 'claims.held',
    exitCode: 4,
    message:
      'this run needs /srv/a/b, which collides with /srv/a; the unfinished run one has held it since 2026-09-21T00:00:00.000Z',
    hint: expect.stringContaining(
      'migrate resume one\n  migrate rollback one\n  migrate abort one',
    ) as string,
  });
  await expect(
    claimResources(claims, request(folder, 'two', { kind: 'unit', unit: 'a.service' })),
  ).rejects.toThrow('this run needs the unit a.service; the unfinished run one');
  expect((await listClaims(claims)).map((each) => each.run)).toEqual(['one']);
  await claimResources(claims, request(folder, 'two', source('/srv/b')));
});

test('a run may claim again what it holds, and what it frees another may have', async () => {
  const folder = temporaryFolder();
  await claimResources(folder, request(folder, 'one', source('/srv/a')));
  await claimResources(folder, request(folder, 'one', source('/srv/a')));
  await releaseClaims(folder, 'one');
  await releaseClaims(folder, 'one');
  await claimResources(folder, request(folder, 'two', source('/srv/a')));
  expect((await listClaims(folder)).map((each) => each.run)).toEqual(['two']);
});

test('two names of one folder collide', async () => {
  const folder = temporaryFolder();
  mkdirSync(`${folder}/real`);
  symlinkSync('real', `${folder}/link`);
  await claimResources(folder, request(folder, 'one', source(`${folder}/link/new`)));
  await expect(claimResources(folder, request(folder, 'two', source(`${folder}/real/new`)))).rejects.toThrow(
    'the unfinished run one',
  );
});

test('of many that claim one thing at once, one gets it, and holds it after it was killed', async () => {
  const folder = temporaryFolder();
  const ends = await Promise.all(
    Array.from({ length: 6 }, (_, index) =>
      once(
        spawn(process.execPath, ['test/host/claimer.ts', folder, `run-${index}`, '/srv/a'], {
          stdio: ['ignore', 'ignore', 'inherit'],
        }),
        'close',
      ),
    ),
  );
  expect(ends.filter(([code]) => code === 4)).toHaveLength(5);
  expect(ends.filter(([, signal]) => signal === 'SIGKILL')).toHaveLength(1);
  await expect(claimResources(folder, request(folder, 'late', source('/srv/a')))).rejects.toThrow(
    /the unfinished run run-\d/,
  );
});

test('when the state of the holder is gone, the way out is to delete its claims', async () => {
  const folder = temporaryFolder();
  await claimResources(folder, request(folder, 'one', source('/srv/a')));
  await expect(claimResources(folder, request(folder, 'two', source('/srv/a')))).rejects.toMatchObject({
    hint: expect.stringContaining(`rm ${folder}/one.json`) as string,
  });
});

test('a damaged file of claims is named, and nothing is claimed over it', async () => {
  const folder = temporaryFolder();
  writeFileSync(`${folder}/one.json`, '{');
  await expect(claimResources(folder, request(folder, 'two', source('/srv/a')))).rejects.toMatchObject({
    code: 'claims.damaged',
    exitCode: 6,
    message: expect.stringContaining(`${folder}/one.json`) as string,
  });
  expect(readdirSync(folder)).not.toContain('two.json');
});

test('a folder of claims that cannot be written is named', async () => {
  const folder = temporaryFolder();
  writeFileSync(`${folder}/file`, '');
  await expect(
    claimResources(`${folder}/file/claims`, request(folder, 'two', source('/srv/a'))),
  ).rejects.toMatchObject({ code: 'claims.unwritable', exitCode: 6 });
});

test('an option goes before the environment, and root and users have their own folders', () => {
  const user = { env: {}, uid: 1000, home: '/home/ada' };
  const root = { env: {}, uid: 0, home: '/root' };
  expect(stateFolder('/opt/state', { ...root, env: { MIGRATE_STATE_DIR: '/srv/state' } })).toBe('/opt/state');
  expect(stateFolder(undefined, { ...root, env: { MIGRATE_STATE_DIR: '/srv/state' } })).toBe('/srv/state');
  expect(stateFolder(undefined, root)).toBe('/var/lib/migrate');
  expect(stateFolder(undefined, user)).toBe('/home/ada/.local/state/migrate');
  expect(stateFolder(undefined, { ...user, env: { XDG_STATE_HOME: '/data' } })).toBe('/data/migrate');
  expect(stateFolder(undefined, { ...user, env: { XDG_STATE_HOME: 'data' } })).toBe(
    '/home/ada/.local/state/migrate',
  );
  expect(() => stateFolder('state', root)).toThrow('--state-dir is "state", and must be an absolute path');
  expect(claimsFolder(root)).toBe('/var/lib/migrate/claims');
  expect(claimsFolder(user)).toBe('/home/ada/.local/state/migrate/claims');
  expect(claimsFolder({ ...root, env: { MIGRATE_CLAIMS_DIR: '/c' } })).toBe('/c');
  expect(otherStateFolders(user)).toEqual(['/home/ada/.local/state/migrate']);
});
