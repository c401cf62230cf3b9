import { describe, expect, it } from 'vitest';
import { rehearse, rehearseRollback } from '../../../src/rehearsal/rehearse.ts';
import { compareSnapshots } from '../../../src/rehearsal/snapshot-difference.ts';
import type { World } from '../../../src/rehearsal/world.ts';
import { anyTime, except } from './wsl-nix-store-trees.ts';
import { inStoreWorld, isRoot, look, params, shellOf } from './wsl-nix-store-world.ts';

interface Stage {
  readonly world: World;
  readonly sh: (script: string) => Promise<string>;
}

const inWorld = (work: (stage: Stage) => Promise<void>) =>
  inStoreWorld((world) => work({ world, sh: shellOf(world) }));

async function livesOnTheSsd({ sh }: Stage): Promise<void> {
  expect(await sh('findmnt -no SOURCE /nix')).toContain('[/nixos-wsl-main]');
  expect(await sh('nix-store --verify --check-contents >/dev/null 2>&1; echo $?')).toBe('0');
}

/**
 * One of each way that a rollback goes: data only, before and after the next boot is switched, after the boot,
 * and from the last step that can be taken back. Every single undo is tried, and killed, in crash-everywhere.test.ts.
 */
const returnable = ['backup', 'verify-store', 'carry-generation', 'restart', 'boot-path'];

// Two at a time, since each has a world to itself.
describe.skipIf(!isRoot).concurrent('wsl-nix-store in its world', () => {
  it('goes from the old disk to the SSD, cleans up, and boots again afterwards, also after a rebuild', () =>
    inWorld(async (stage) => {
      const { world, sh } = stage;
      const output: string[] = [];
      const onOutput = (text: string) => output.push(text);
      const report = await rehearse(world, { runbook: 'wsl-nix-store', params, onOutput });
      expect(report, output.join('')).toMatchObject({ outcome: 'done', reboots: 1, crashes: 0 });
      const beneath = await world.snapshot(['/nix'], { beneath: true });
      const live = await world.snapshot(['/nix']);
      expect(Object.keys(beneath.entries).length).toBeLessThan(Object.keys(live.entries).length / 2);
      await world.reboot();
      await livesOnTheSsd(stage);
      await sh(`sed -i 's/label = "[0-9]*"/label = "9"/' /home/admin/nixcfg/hosts/thinky-nixos/default.nix`);
      await sh('nixos-rebuild boot --flake /home/admin/nixcfg#thinky-nixos');
      await world.reboot();
      expect(await sh('cat /run/current-system/nixos-version')).toContain('9');
    }));

  it.each(returnable)('is rolled back after "%s" to trees, mounts and units equal to the start', (id) =>
    inWorld(async (stage) => {
      const before = await look(stage.world);
      const output: string[] = [];
      const onOutput = (text: string) => output.push(text);
      const forward = await rehearse(stage.world, { runbook: 'wsl-nix-store', params, until: id, onOutput });
      expect(forward.outcome, output.join('')).toBe('done');
      const back = await rehearseRollback(stage.world, { onOutput });
      expect(back.outcome, output.join('')).toBe('done');
      expect(back.state?.status).toBe('rolled-back');
      const after = await look(stage.world);
      expect(compareSnapshots(before.tree, after.tree, { except, anyTime })).toEqual([]);
      expect({ paths: after.paths, units: after.units }).toEqual({
        paths: before.paths,
        units: before.units,
      });
    }),
  );
});
