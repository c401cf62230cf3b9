import { chmodSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { expect, test } from 'vitest';
import { claimResources, releaseClaims, type ClaimRequest } from '../../src/host/claims.ts';
import { shownClaimsFolder } from '../../src/host/folders.ts';
import type { Claim } from '../../src/runbook/index.ts';
import { temporaryFolder } from './folder.ts';

const path = (path: string): Claim => ({ kind: 'path', path, role: 'shadowed' });
const request = (run: string, shown: ClaimRequest['shown'], ...claims: Claim[]): ClaimRequest => ({
  run,
  runbook: 'move-nix',
  stateFolder: '/var/lib/migrate',
  claims,
  since: Date.UTC(2026, 8, 21),
  command: 'migrate run',
  shown,
});

test.skipIf(process.getuid?.() !== 0)(
  "an ordinary user's run keeps off what a run of root holds, until that is over",
  async () => {
    const [roots, users, folder] = [temporaryFolder(), temporaryFolder(), `${temporaryFolder()}/shown`];
    const [asRoot, asUser] = [{ folder, as: 'root' } as const, { folder, as: 'user' } as const];
    await claimResources(roots, request('of-root', asRoot, path('/nix')));
    expect(statSync(folder).mode & 0o777).toBe(0o755);
    const file = `${folder}/of-root.json`;
    expect(statSync(file).mode & 0o777).toBe(0o644);
    // Which run holds what, and nothing else.
    expect(Object.keys(JSON.parse(readFileSync(file, 'utf8')) as object)).toEqual(['run', 'claims', 'since']);
    const wanted = request('of-ada', asUser, path('/nix/store/../store/'));
    await expect(claimResources(users, wanted)).rejects.toMatchObject({
      code: 'claims.held-by-root',
      exitCode: 4,
      message:
        'this run needs /nix/store; the unfinished run of-root of root has held /nix since 2026-09-21T00:00:00.000Z',
    });
    await claimResources(users, request('beside', asUser, path('/nix-other')));
    // A folder that others may write to says nothing of root.
    chmodSync(folder, 0o777);
    await claimResources(users, { ...wanted, run: 'trusting' });
    chmodSync(folder, 0o755);
    await releaseClaims(roots, 'of-root', asRoot);
    expect(readdirSync(folder)).toEqual([]);
    await claimResources(users, wanted).catch((error: { code: string }) =>
      // Its own other run; root no longer stands in the way.
      expect(error.code).toBe('claims.held'),
    );
  },
);

test('what root holds is shown in one place of the machine, and nowhere where all share one folder', () => {
  const of = (uid: number, env = {}) => shownClaimsFolder({ env, uid, home: '/home/ada' });
  expect(of(0)).toEqual({ folder: '/var/lib/migrate-claims', as: 'root' });
  expect(of(1000)).toEqual({ folder: '/var/lib/migrate-claims', as: 'user' });
  expect(of(0, { MIGRATE_CLAIMS_DIR: '/c' })).toBeUndefined();
});
