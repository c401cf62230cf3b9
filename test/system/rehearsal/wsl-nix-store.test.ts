import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadRunbook } from '../../../src/host/runbook-file.ts';
import { rehearse, rehearseRollback } from '../../../src/rehearsal/rehearse.ts';
import { compareSnapshots } from '../../../src/rehearsal/snapshot-difference.ts';
import { buildWorld, type World } from '../../../src/rehearsal/world.ts';
import type { Json, RehearsalPlan } from '../../../src/runbook/index.ts';

const isRoot = process.getuid?.() === 0;
if (!isRoot) console.log('skipped: these worlds need root');

const { runbook } = await loadRunbook('wsl-nix-store');
const given = runbook.rehearsal as RehearsalPlan & { nixosWsl: object };
const plan = { ...given, nixosWsl: { ...given.nixosWsl, storePaths: 8 } } as RehearsalPlan;
// A short soak has the same steps and fewer samples.
const params: Record<string, Json> = { ...given.params, benchmarkRuns: 1, soakMin: '30m', soakMax: '2h' };

const ssd = '/mnt/wsl/storage';
const watched = ['/nix', '/home', ssd, '/etc', '/sbin'];
/** What keeps its own history: Nix rewrites its database in place, and its contents are compared apart. */
const except = [
  '/nix/var/nix/db',
  '/nix/var/log',
  '/nix/var/nix/temproots',
  '/nix/var/nix/gc.lock',
  '/etc/mtab',
  '/etc/migrate',
];
/** Folders in which something was made and removed again. */
const anyTime = [
  '/nix/store',
  '/nix/store/.links',
  '/nix/var/nix',
  '/nix/var/nix/profiles',
  '/nix/var/nix/gcroots/auto',
  '/home/admin/nixcfg/hosts/thinky-nixos',
  ssd,
];

describe.skipIf(!isRoot)('wsl-nix-store in its world', () => {
  let parent: string;
  let world: World;
  const sh = async (script: string) => (await world.run(['sh', '-c', script])).stdout.trim();
  beforeEach(async () => {
    parent = mkdtempSync(join(tmpdir(), 'wsl-nix-store-'));
    world = await buildWorld(plan, { parent });
  });
  afterEach(async () => {
    await world.destroy();
    rmSync(parent, { recursive: true, force: true });
  });

  const start = async () => ({
    tree: await world.snapshot(watched),
    paths: await sh('nix path-info --all | sort'),
    units: await sh('systemctl list-units --no-legend'),
  });

  async function expectAsBefore(before: Awaited<ReturnType<typeof start>>): Promise<void> {
    const after = await start();
    expect(compareSnapshots(before.tree, after.tree, { except, anyTime })).toEqual([]);
    expect(after.paths).toBe(before.paths);
    expect(after.units).toBe(before.units);
  }

  it('goes from the old disk to the SSD, cleans up, and boots again afterwards', async () => {
    const output: string[] = [];
    const report = await rehearse(world, {
      runbook: 'wsl-nix-store',
      params,
      onOutput: (text) => output.push(text),
    });
    expect({ ...report, state: undefined }, output.join('')).toMatchObject({
      outcome: 'done',
      reboots: 1,
      crashes: 0,
    });
    const beneath = await world.snapshot(['/nix'], { beneath: true });
    const live = await world.snapshot(['/nix']);
    expect(Object.keys(beneath.entries).length).toBeLessThan(Object.keys(live.entries).length / 2);
    await world.reboot();
    expect(await sh('findmnt -no SOURCE /nix')).toContain('[/nixos-wsl-main]');
    expect(await sh('nix-store --verify --check-contents >/dev/null 2>&1; echo $?')).toBe('0');
    // A rebuild after cleanup boots too, since it carries its closure beneath the mount.
    await sh('sed -i \'s/label = "[0-9]*"/label = "9"/\' /home/admin/nixcfg/hosts/thinky-nixos/default.nix');
    await sh('nixos-rebuild boot --flake /home/admin/nixcfg#thinky-nixos');
    await world.reboot();
    expect(await sh('cat /run/current-system/nixos-version')).toContain('9');
  });

  it.each(runbook.nodes.map(({ id }) => id).filter((id) => id !== 'cleanup' && id !== 'leave-beneath'))(
    'is rolled back after "%s" to trees, mounts and units equal to the start',
    async (id) => {
      const before = await start();
      const output: string[] = [];
      const onOutput = (text: string) => output.push(text);
      const forward = await rehearse(world, { runbook: 'wsl-nix-store', params, until: id, onOutput });
      expect(forward.outcome, output.join('')).toBe('done');
      const back = await rehearseRollback(world, { onOutput });
      expect(back.outcome, output.join('')).toBe('done');
      expect(back.state?.status).toBe('rolled-back');
      await expectAsBefore(before);
    },
  );

  it.each(['warm-copy', 'final-copy', 'build', 'next-boot', 'backup'])(
    'ends alike when it is killed in the middle of "%s" and resumed',
    async (id) => {
      const output: string[] = [];
      const report = await rehearse(world, {
        runbook: 'wsl-nix-store',
        params,
        crash: `mid-act:${id}`,
        onOutput: (text) => output.push(text),
      });
      expect({ ...report, state: undefined }, output.join('')).toMatchObject({ outcome: 'done', crashes: 1 });
      expect(await sh('findmnt -no SOURCE /nix')).toContain('[/nixos-wsl-main]');
      expect(await sh('nix-store --verify --check-contents >/dev/null 2>&1; echo $?')).toBe('0');
    },
  );
});
