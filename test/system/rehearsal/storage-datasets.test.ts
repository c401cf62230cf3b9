import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadRunbook } from '../../../src/host/runbook-file.ts';
import { callMigrate, rehearse, rehearseRollback } from '../../../src/rehearsal/rehearse.ts';
import { buildWorld, type World } from '../../../src/rehearsal/world.ts';
import type { Json, RehearsalPlan } from '../../../src/runbook/index.ts';

const obstacle =
  process.getuid?.() !== 0
    ? 'they need root'
    : ['/dev/fuse', '/usr/sbin/zfs-fuse', '/usr/bin/restic'].find((path) => !existsSync(path));
if (obstacle !== undefined) console.log(`rehearsals of storage-datasets are skipped: ${obstacle}`);

const { runbook } = await loadRunbook('storage-datasets');
const plan = runbook.rehearsal as RehearsalPlan;
const params = plan.params as Record<string, Json>;
const host = '/home/admin/nixcfg/hosts/forge/default.nix';
const unit = 'zfs-service-datasets.service';

interface Stage {
  readonly world: World;
  readonly sh: (script: string) => Promise<string>;
  readonly said: string[];
  /** Declares datasets in the host's file, in place of those that were declared there before. */
  declare(services: Readonly<Record<string, string>>, action?: 'boot' | 'switch'): Promise<void>;
}

async function onStage(work: (stage: Stage) => Promise<void>): Promise<void> {
  const parent = mkdtempSync(join(tmpdir(), 'storage-datasets-'));
  try {
    await using world = await buildWorld(plan, { parent });
    const sh = async (script: string) => (await world.run(['sh', '-c', script])).stdout.trim();
    const declare: Stage['declare'] = async (services, action = 'switch') => {
      const lines = Object.entries(services).map(
        ([name, text]) => `modules.storage.datasets.services.${name} = { ${text} }; # declared`,
      );
      await sh(`sed -i '/# declared/d' ${host}`);
      for (const line of lines) await sh(`sed -i 's|^  imports = \\[|  ${line}\\n&|' ${host}`);
      await sh(`cd /tmp && nixos-rebuild ${action} --flake /home/admin/nixcfg#forge`);
    };
    await work({ world, sh, said: [], declare });
  } finally {
    expect(readdirSync(parent)).toEqual([]);
    rmSync(parent, { recursive: true, force: true });
  }
}

const look = async ({ sh }: Stage) => ({
  configuration: await sh(
    String.raw`cd /home/admin/nixcfg && find . -printf '%p %y %m %U:%G\n' | sort && find . -type f -exec sha256sum {} + | sort`,
  ),
  datasets: await sh('zfs list -H -o name,mountpoint,canmount -r tank rpool'),
  folders: await sh('ls -A /persist'),
  units: await sh(`for unit in $(systemctl list-units --no-legend | cut -d ' ' -f 1); do
    systemctl show $unit --property=Id,ActiveState,InvocationID; done`),
  system: await sh('readlink -f /run/current-system /nix/var/nix/profiles/system'),
});

describe.skipIf(obstacle !== undefined)('storage-datasets in its world', () => {
  it('proves its module and leaves no dataset; the module keeps its promises; and only what was edited is taken back', () =>
    onStage(async (stage) => {
      const { world, sh, said, declare } = stage;
      const onOutput = (text: string) => void said.push(text);
      const before = await look(stage);
      const done = await rehearse(world, { runbook: 'storage-datasets', params, onOutput });
      expect(done.outcome, said.join('')).toBe('done');
      const after = await look(stage);
      expect(after.datasets).toBe(before.datasets);
      expect(after.folders).toBe(before.folders);
      expect(after.units.replace(new RegExp(`Id=${unit}\n.*\n.*\n?`), '').trim()).toBe(before.units);
      const edited = await sh(`sha256sum ${host}`);

      const sonarr =
        'recordsize = "16K"; compression = "gzip-1"; properties."com.sun:auto-snapshot" = "true";';
      await declare({ sonarr }, 'boot');
      await world.reboot('shutdown');
      const tell = 'zfs get -H -o value recordsize,compression,com.sun:auto-snapshot,mountpoint,mounted';
      const asDeclared = '16K\ngzip-1\ntrue\n/persist/sonarr\nyes';
      expect(await sh(`${tell} tank/persist/sonarr`)).toBe(asDeclared);
      const guid = await sh('zfs get -H -o value guid tank/persist/sonarr');

      // What somebody has set by hand is set as it is declared; nothing is made twice.
      await sh('echo mine >/persist/sonarr/data; zfs set recordsize=8K tank/persist/sonarr');
      await sh(`systemctl restart ${unit}`);
      expect(await sh(`${tell} tank/persist/sonarr`)).toBe(asDeclared);
      expect(await sh('zfs get -H -o value guid tank/persist/sonarr; cat /persist/sonarr/data')).toBe(
        `${guid}\nmine`,
      );

      // Never over data, never elsewhere; and what can be made is made all the same.
      await sh('mkdir /persist/plex && echo mine >/persist/plex/data');
      await declare({ sonarr, plex: '', radarr: '' });
      expect(await sh(`systemctl show ${unit} -p ActiveState --value`)).toBe('failed');
      expect(await sh(`journalctl -u ${unit}`)).toContain(
        'tank/persist/plex is not made: /persist/plex holds data, which it would cover',
      );
      expect(await sh('cat /persist/plex/data; zfs list -H -o name -r tank/persist')).toBe(
        'mine\ntank/persist\ntank/persist/radarr\ntank/persist/sonarr',
      );

      // A system that was made since is not rolled back unasked.
      const refused = await callMigrate(world, ['rollback', 'storage-datasets', '--yes']);
      expect(refused.exitCode).not.toBe(0);
      expect(`${refused.stdout}${refused.stderr}`).toContain('roll back first what declares datasets');
      await declare({});
      expect(await sh(`sha256sum ${host}`)).toBe(edited);
      // What is no longer declared stays.
      expect(await sh('cat /persist/sonarr/data')).toBe('mine');
      const back = await rehearseRollback(world, { onOutput });
      expect(back.outcome, said.join('')).toBe('done');
      // zfs-fuse lets go of what it has unmounted a little later.
      await sh(`rm -r /persist/plex; for one in radarr sonarr; do
        for _ in 1 2 3 4 5 6 7 8; do zfs destroy tank/persist/$one && break; sleep 0.2; done
        rmdir /persist/$one; done`);
      const now = await look(stage);
      expect({ ...now, units: '' }).toEqual({ ...before, units: '' });
      expect(now.units).not.toContain(unit);
    }));
});
