import { describe, expect, it } from 'vitest';
import { callMigrate, rehearse } from '../../../src/rehearsal/rehearse.ts';
import { answers, id, look, obstacle, onStage, others, params } from './system-disk-stage.ts';

describe.skipIf(obstacle !== undefined)('a machine that has booted from its new system disk', () => {
  it('refuses to be taken back while it runs from the new disk, changes nothing, and is taken back by the installer', () =>
    onStage(async (stage) => {
      const { world, disks, sh, boot, node } = stage;
      const said: string[] = [];
      const onOutput = (text: string) => void said.push(text);
      const before = { ...(await disks(...others)), files: await look(stage) };
      const there = await rehearse(world, { runbook: id, params, answers, until: 'first-boot', onOutput });
      expect(there.outcome, said.join('')).toBe('done');
      const kept = await sh('cat /home/sinh/Documents/letter.txt; find /nix/store -maxdepth 1 | sort');
      said.length = 0;
      const refused = await callMigrate(world, ['rollback', id, '--yes'], { onOutput });
      expect(refused.exitCode, said.join('')).toBe(5);
      expect(said.join('')).toContain('nothing is undone');
      expect(said.join('')).toContain('boot the installer, and mount it (sh RUN/mount.sh)');
      expect(await sh('cat /home/sinh/Documents/letter.txt; find /nix/store -maxdepth 1 | sort')).toBe(kept);

      await boot('boot-installer');
      expect((await world.run(['sh', '-c', 'sh /var/lib/migrate/runs/*/mount.sh'])).stderr).toBe('');
      said.length = 0;
      const back = await callMigrate(world, ['rollback', id, '--yes'], { onOutput });
      expect(back.exitCode, said.join('')).toBe(0);
      expect(await sh(`wipefs --no-act ${node('new')}`)).toBe('');
      await boot('by-hand-old');
      expect({ ...(await disks(...others)), files: await look(stage) }).toEqual(before);
    }));
});
