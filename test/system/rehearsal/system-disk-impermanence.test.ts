import { describe, expect, it } from 'vitest';
import { callMigrate, goOnRehearsing, rehearse, rehearseRollback } from '../../../src/rehearsal/rehearse.ts';
import { answers, id, look, obstacle, onStage, others, params } from './system-disk-stage.ts';

describe.skipIf(obstacle !== undefined)('system-disk-impermanence in its world', () => {
  it('moves the machine to the new disk; the old one and those beside it keep every byte, and the old one boots', () =>
    onStage(async (stage) => {
      const { world, disks, sh, boot } = stage;
      const said: string[] = [];
      const onOutput = (text: string) => void said.push(text);
      const before = await disks(...others);
      const sealed = await rehearse(world, { runbook: id, params, answers, until: 'seal', onOutput });
      expect(sealed.outcome, said.join('')).toBe('done');
      const old = await disks('old');
      const done = await goOnRehearsing(world, { answers, onOutput });
      expect(done.outcome, said.join('')).toBe('done');
      expect(done.state?.status).toBe('completed');
      expect(await disks('old')).toEqual(old);
      expect(await disks(...others)).toEqual(before);
      expect(await sh('findmnt -n -o FSTYPE /')).toBe('tmpfs');
      expect(await sh('cat /home/sinh/Documents/letter.txt; ls /home/sinh/.cache 2>&1 | tail -n 1')).toMatch(
        /^Dear all\n.*(No such file)/,
      );
      // What somebody rebuilds from now on is what was installed.
      expect(
        await sh('cat /home/sinh/git-repos/nixcfg/systems/x86_64-linux/Emberroot/hardware-configuration.nix'),
      ).toContain('fsType = "tmpfs"');

      // An update that lost the boot loader's entries, mended from the installer.
      await sh('rm /boot/efi/loader/loader.conf');
      await boot('boot-installer');
      const mended = await rehearse(world, {
        runbook: 'boot-recovery',
        params: { disk: 'NEW-1', flake: '/home/sinh/git-repos/nixcfg' },
        onOutput,
      });
      expect(mended.outcome, said.slice(-60).join('')).toBe('done');
      expect(await sh('cat /home/sinh/Documents/letter.txt')).toBe('Dear all');

      // The way back, at any time.
      await boot('by-hand-old');
      expect(await sh('findmnt -n -o FSTYPE /; cat /home/sinh/.cache/thumbnails')).toBe('ext4\nmay go');
      expect(
        await sh('cat /home/sinh/git-repos/nixcfg/systems/x86_64-linux/Emberroot/hardware-configuration.nix'),
      ).not.toContain('tmpfs');
    }));

  it('is taken back to where it began, before the new disk is there and after; its state travels to the installer', () =>
    onStage(async (stage) => {
      const { world, disks, sh, boot, node } = stage;
      const said: string[] = [];
      const onOutput = (text: string) => void said.push(text);
      const untouched = await disks(...others);
      const before = { ...(await disks(...others, 'new')), files: await look(stage) };
      // Imports within mkIf do not evaluate: told here, and not on the installer.
      const flake = '/home/sinh/git-repos/nixcfg/systems/x86_64-linux/Emberroot';
      await sh(`cp -a ${flake}/default.nix /tmp/kept
        sed -i 's|  imports = \\[|  config = lib.mkIf true { imports = [ ./none.nix ]; };\\n&|' ${flake}/default.nix`);
      const broken = await rehearse(world, { runbook: id, params, answers, onOutput });
      expect(broken.outcome).toBe('failed');
      expect(said.join('')).toMatch(/build: FAILED[^]*option `imports' does not exist/);
      expect((await rehearseRollback(world, { onOutput })).outcome, said.join('')).toBe('done');
      await sh(`cp -a /tmp/kept ${flake}/default.nix`);
      said.length = 0;
      for (const until of ['configuration', 'build', 'prove-backup']) {
        const forward = await rehearse(world, { runbook: id, params, answers, until, onOutput });
        expect(forward.outcome, said.join('')).toBe('done');
        const back = await rehearseRollback(world, { onOutput });
        expect(back.outcome, said.join('')).toBe('done');
        expect({ ...(await disks(...others, 'new')), files: await look(stage) }).toEqual(before);
      }

      // By hand, with the state on a stick of its own.
      await rehearse(world, { runbook: id, params, answers, until: 'ready', onOutput });
      expect((await callMigrate(world, ['resume', id, '--yes'], { onOutput })).exitCode, said.join('')).toBe(
        3,
      );
      const moved = await callMigrate(world, ['state', 'move', '/mnt/travel/moved'], { onOutput });
      expect(moved.exitCode, said.join('')).toBe(0);
      await boot('boot-installer');
      const there = ['--state-dir', '/mnt/travel/moved'];
      const resumed = await callMigrate(world, ['resume', id, '--yes', ...there], { onOutput });
      expect(resumed.exitCode, said.join('')).toBe(3);
      const old = await disks('old');
      // Not a byte for a disk that is not the one, whatever is typed.
      await callMigrate(world, [
        'confirm',
        id,
        'new-disk',
        '--set',
        'serial=NEW-1',
        '--set',
        'contents=empty',
        ...there,
      ]);
      await sh(`mkswap ${node('new')}`);
      const filled = await disks('new');
      said.length = 0;
      expect((await callMigrate(world, ['resume', id, '--yes', ...there], { onOutput })).exitCode).toBe(1);
      expect(said.join('')).toContain('is not empty: on /dev/loop');
      expect(await disks('new')).toEqual(filled);
      await sh(`wipefs -q -a ${node('new')}`);
      const on = await callMigrate(world, ['resume', id, '--yes', '--until', 'adopt', ...there], {
        onOutput,
      });
      expect(on.exitCode, said.join('')).toBe(0);
      const back = await callMigrate(world, ['rollback', id, '--yes', ...there], { onOutput });
      expect(back.exitCode, said.join('')).toBe(0);
      expect(await sh(`wipefs --no-act ${node('new')}`)).toBe('');
      expect(await disks('old')).toEqual(old);
      expect(await disks(...others)).toEqual(untouched);
      await boot('by-hand-old');
      expect(await look(stage)).toBe(before.files);
    }));
});
