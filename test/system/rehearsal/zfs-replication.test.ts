import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadRunbook } from '../../../src/host/runbook-file.ts';
import { readEvents } from '../../../src/journal/read.ts';
import { rehearse, rehearseRollback } from '../../../src/rehearsal/rehearse.ts';
import { buildWorld, type World } from '../../../src/rehearsal/world.ts';
import type { Json, RehearsalPlan } from '../../../src/runbook/index.ts';

const obstacle =
  process.getuid?.() !== 0
    ? 'they need root'
    : ['/dev/fuse', '/usr/sbin/zfs-fuse', '/usr/sbin/sanoid', '/usr/sbin/syncoid'].find(
        (path) => !existsSync(path),
      );
if (obstacle !== undefined) console.log(`rehearsals of replication are skipped: ${obstacle}`);

const { runbook } = await loadRunbook('zfs-replication');
const plan = runbook.rehearsal as RehearsalPlan;
const migrate = [process.execPath, resolve(import.meta.dirname, '../../../src/cli/migrate.ts')];
// Its units call the real program.
const params = { ...(plan.params as Record<string, Json>), program: migrate };
const tell = '#!/bin/sh\ncat >>/var/log/notifications\n';

interface Stage {
  readonly world: World;
  readonly sh: (script: string) => Promise<string>;
  readonly said: string[];
  goOnto(until?: string): Promise<void>;
  goBack(): Promise<void>;
}

/** A machine with a dataset of each kind to replicate. */
async function onStage(work: (stage: Stage) => Promise<void>): Promise<void> {
  const parent = mkdtempSync(join(tmpdir(), 'zfs-replication-'));
  try {
    await using world = await buildWorld(plan, { parent });
    const said: string[] = [];
    const onOutput = (text: string) => void said.push(text);
    const sh = async (script: string) => (await world.run(['sh', '-c', script])).stdout.trim();
    for (const name of ['sonarr', 'plex']) {
      await sh(`zfs create -o mountpoint=/persist/${name} tank/persist/${name}`);
      await sh(`echo of ${name} >/persist/${name}/data`);
    }
    await sh(`printf '${tell.replaceAll('\n', String.raw`\n`)}' >/root/tell && chmod +x /root/tell`);
    await sh(`${migrate.join(' ')} config set notify /root/tell`);
    await work({
      world,
      sh,
      said,
      goOnto: async (until) => {
        const to = until === undefined ? {} : { until };
        const report = await rehearse(world, { runbook: 'zfs-replication', params, onOutput, ...to });
        expect(report.outcome, said.join('')).toBe('done');
      },
      goBack: async () => {
        const report = await rehearseRollback(world, { onOutput });
        expect(report.outcome, said.join('')).toBe('done');
        expect(report.state?.status).toBe('rolled-back');
      },
    });
  } finally {
    expect(readdirSync(parent)).toEqual([]);
    rmSync(parent, { recursive: true, force: true });
  }
}

/** What a rollback must leave as it was. */
const look = async ({ sh }: Stage) => ({
  configuration: await sh(
    String.raw`cd /home/admin/nixcfg && find . -printf '%p %y %m %U:%G\n' | sort && find . -type f -exec sha256sum {} + | sort`,
  ),
  datasets: await sh('zfs list -H -o name,mountpoint,canmount -r tank rpool'),
  mounts: await sh('findmnt -rno TARGET,SOURCE -t fuse.zfs,fuse'),
  units: await sh('systemctl list-units --no-legend'),
  system: await sh('readlink -f /run/current-system'),
  policy: await sh('ls -A /etc/sanoid 2>/dev/null; ls -d /run/systemd/system/*.d 2>/dev/null'),
});

// Two at a time, since each has a world to itself.
describe.skipIf(obstacle !== undefined).concurrent('zfs-replication in its world', () => {
  it('replicates, proves it, removes the former job, and is taken back even then, the former job first', () =>
    onStage(async (stage) => {
      const { sh } = stage;
      const before = await look(stage);
      await stage.goOnto();
      const guids = async (dataset: string) => sh(`zfs get -H -p -o value guid ${dataset}`);
      for (const name of ['sonarr', 'plex']) {
        const newest = await sh(
          `zfs list -H -o name -t snapshot -r backup-pool/tank-replica/${name} | tail -n 1`,
        );
        expect(await guids(newest)).toBe(
          await guids(newest.replace('backup-pool/tank-replica', 'tank/persist')),
        );
      }
      expect(await sh('zfs list -H -o name -t snapshot -r tank/persist/plex | grep -c autosnap')).toBe('0');
      const told = async () =>
        (await sh('cat /var/log/notifications'))
          .split('\n')
          .filter((line) => line !== '')
          .map((line) => JSON.parse(line) as Record<string, unknown>)
          .filter(({ kind }) => kind === 'message');
      expect(await told()).toMatchObject([
        { template: 'sanoid-failure', priority: 'high', fields: { dataset: 'tank/persist' } },
        { template: 'syncoid-failure', priority: 'high', fields: { unit: 'syncoid-tank-persist.service' } },
      ]);
      // The unit of the lag has nothing to tell; the same beyond its limit has, and begins no run either.
      await sh('systemctl start migrate-replication-lag.service');
      const lag = `${migrate.join(' ')} --no-input run replication-lag`;
      expect(await told()).toHaveLength(2);
      expect(await sh(`${lag} --set warnHours=0.001`)).toContain(
        'nothing to do: the replica of tank/persist lags',
      );
      expect((await told()).at(-1)).toMatchObject({
        template: 'syncoid-lag-warning',
        priority: 'medium',
        fields: { lagHours: expect.stringMatching(/^\d+$/) as string, dataset: 'tank/persist' },
      });
      expect(await sh('ls -d /var/lib/migrate/runs/*')).not.toContain('replication-lag');
      expect(await sh('systemctl list-units --no-legend')).not.toContain('zfs-snapshot');
      const snapshots = await sh('zfs list -H -o name -t snapshot');

      await stage.goBack();
      expect(await look(stage)).toEqual(before);
      // Nothing of what was taken and replicated goes with it.
      expect(await sh('zfs list -H -o name -t snapshot')).toBe(snapshots);
      const journal = await sh('cat /var/lib/migrate/runs/*/journal.jsonl');
      const { events } = readEvents(Buffer.from(`${journal}\n`), 'the journal');
      const undone = events.flatMap((event) => (event.type === 'undo.completed' ? [event.step] : []));
      const order = ['switch-without', 'remove-former', 'switch', 'policy', 'imports', 'module', 'folder'];
      expect(undone.filter((step) => order.includes(step))).toEqual(order);
    }));

  it('is rolled back after its first replication to the same datasets, units and configuration', () =>
    onStage(async (stage) => {
      const before = await look(stage);
      await stage.goOnto('first');
      await stage.goBack();
      expect(await look(stage)).toEqual(before);
      expect(await stage.sh('zfs list -H -o name -r backup-pool | tail -n 1')).toBe(
        'backup-pool/tank-replica/sonarr',
      );
    }));
});
