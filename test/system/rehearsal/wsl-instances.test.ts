import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { rehearsal } from '../../../runbooks/wsl-multi-instance/rehearsal.ts';
import { rehearsal as performance } from '../../../runbooks/wsl-performance/rehearsal.ts';
import { callMigrate, readRunEvents, rehearse, rehearseRollback } from '../../../src/rehearsal/rehearse.ts';
import { buildWorld, type World } from '../../../src/rehearsal/world.ts';
import type { Json, RehearsalPlan } from '../../../src/runbook/index.ts';
import { isRoot, shellOf } from './wsl-nix-store-world.ts';

async function inWorld(plan: RehearsalPlan, work: (world: World) => Promise<void>): Promise<void> {
  const parent = mkdtempSync(join(tmpdir(), 'wsl-instances-'));
  try {
    await using world = await buildWorld(plan, { parent });
    await work(world);
  } finally {
    expect(readdirSync(parent)).toEqual([]);
    rmSync(parent, { recursive: true, force: true });
  }
}

interface Found {
  readonly verdict: string;
  readonly observed: string;
  readonly evidence?: Readonly<Record<string, Json>>;
}

async function findings(world: World): Promise<Record<string, Found>> {
  const found: Record<string, Found> = {};
  for (const event of await readRunEvents(world)) {
    if (event.type === 'step.completed' || event.type === 'step.failed') {
      const finding = (event.type === 'step.completed' ? event.output : event.finding) as Found | undefined;
      if (finding?.verdict !== undefined) found[event.step] = finding;
    }
  }
  return found;
}
const verdictsOf = (found: Record<string, Found>) =>
  Object.fromEntries(Object.entries(found).map(([id, { verdict }]) => [id, verdict]));

const look = `stat -c '%n %a %u' /mnt/wsl/storage/*; ls -A /mnt/wsl/storage /nix; nix path-info --all | sort`;

describe.skipIf(!isRoot).concurrent('several instances on one disk', () => {
  it('are found to leave each other alone, and two that share a folder are not', () =>
    inWorld(rehearsal, async (world) => {
      const sh = shellOf(world);
      const before = await sh(look);
      const said: string[] = [];
      const onOutput = (text: string) => void said.push(text);
      const runbook = 'wsl-multi-instance';
      const params = { ...rehearsal.params, rounds: 1 };
      const done = await rehearse(world, { runbook, params, crash: 'mid-act:at-once:4', onOutput });
      expect(done, said.join('')).toMatchObject({ outcome: 'done', crashes: 1 });
      const found = await findings(world);
      // The kernel that these tests run on takes no project quotas, and neither does a disk without the feature.
      expect(verdictsOf(found), said.join('')).toEqual({
        ...{ subfolders: 'PASS', unseen: 'PASS', unwritable: 'PASS', quota: 'BLOCKED' },
        ...{ contention: 'PASS', sound: 'PASS' },
      });
      expect(found['quota']?.observed).toContain('tune2fs -O project,quota');
      expect(JSON.stringify(found['contention']?.evidence)).toContain('"main, all at once"');
      expect((await rehearseRollback(world, { onOutput })).state?.status).toBe('rolled-back');
      expect(await sh(look)).toBe(before);

      const file = '/home/admin/nixcfg/hosts/thinky-nixos-dev/default.nix';
      await sh(`sed -i s/nixos-wsl-dev/nixos-wsl-main/ ${file}
        sed -i 's|^nixos-wsl-dev .*|nixos-wsl-dev /mnt/wsl/storage/nixos-wsl-main|' /.world/instances
        chmod 777 /mnt/wsl/storage/nixos-wsl-test`);
      await rehearse(world, { runbook, params, until: 'unseen', onOutput });
      expect(verdictsOf(await findings(world))).toEqual({ subfolders: 'FAIL', unseen: 'FAIL' });
      expect(await sh('ls -A /mnt/wsl/storage/nixos-wsl-main')).not.toContain('.migrate');
      // What must not be there is told also while a run is not asked.
      const shared = await callMigrate(world, ['check', runbook]);
      expect(shared.stdout).toContain('main and dev both have nixStoreSubdir = "nixos-wsl-main"');
    }));

  it('are compared before and after the move, with every single measurement as a chart', () =>
    inWorld(performance, async (world) => {
      const sh = shellOf(world);
      const said: string[] = [];
      const onOutput = (text: string) => void said.push(text);
      const { params = {} } = performance;
      const runbook = 'wsl-performance';
      const done = await rehearse(world, { runbook, params, surroundings: performance, onOutput });
      expect(done.outcome, said.join('')).toBe('done');
      const found = await findings(world);
      expect(verdictsOf(found), said.join('')).toEqual({
        build: 'PASS',
        large: 'PASS',
        collect: 'PASS',
        both: 'PASS',
      });
      const evidence = found['collect']?.evidence as
        | { chart: { series: { name: string; values: number[] }[] } }
        | undefined;
      expect(evidence?.chart.series.map(({ name, values }) => [name, values.length])).toEqual([
        ['before', 3],
        ['after', 3],
      ]);
      expect(await sh('ls /nix/store /nix/var | grep -c migrate-')).toBe('0');
    }));
});
