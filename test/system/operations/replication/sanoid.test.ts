import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sanoidPolicy } from '../../../../src/operations/replication/sanoid-policy-check.ts';
import { parseSanoidConf } from '../../../../src/operations/replication/sanoid-conf.ts';
import { sanoidPolicies } from '../../../../src/operations/replication/sanoid-policy.ts';
import { sanoidSnapshots } from '../../../../src/operations/replication/sanoid-snapshots.ts';
import { scheduledSnapshots } from '../../../../src/operations/replication/scheduled-snapshots.ts';
import { drive } from '../../../operations/drive.ts';
import { noReplication, replicationMachine, type ReplicationMachine } from './replication-machine.ts';

const production = '[template_production]\nhourly = 24\ndaily = 7\nmonthly = 0\n';
const recursive = '[tank/persist]\nuse_template = production\nrecursive = yes\n';
const plex = '[tank/persist/plex]\nautosnap = no\n';
const wanted = {
  dataset: 'tank/persist',
  template: 'production',
  without: ['tank/persist/plex'],
  replica: 'backup-pool/tank-replica',
};

function conf(machine: ReplicationMachine, text: string): string {
  writeFileSync(join(machine.folder, 'sanoid.conf'), text);
  return machine.folder;
}

describe.skipIf(noReplication !== false)('sanoid, on real pools', () => {
  it('takes what the policy says, and exactly that, seen by the snapshots', async () => {
    const machine = await replicationMachine();
    const config = conf(machine, recursive + plex + production);
    const check = await drive(sanoidPolicy, { ...wanted, config }, { host: machine.host });
    expect(await check.act()).toEqual({
      config,
      snapshotted: ['tank/persist', 'tank/persist/sonarr'],
      without: ['tank/persist/plex'],
    });
    expect(await machine.snapshots('tank')).toEqual([]);

    const step = await drive(sanoidSnapshots, { dataset: 'tank/persist', config }, { host: machine.host });
    expect(await step.probe()).toBe('not-started');
    const { snapshots } = await step.act();
    expect(snapshots.map(({ name }) => name.replace(/_.*_/, '_'))).toEqual([
      'tank/persist@autosnap_daily',
      'tank/persist@autosnap_hourly',
      'tank/persist/sonarr@autosnap_daily',
      'tank/persist/sonarr@autosnap_hourly',
    ]);
    expect(await step.probe()).toEqual({ done: { snapshots } });
    await step.undo();
    expect(await machine.snapshots('tank')).toHaveLength(4);

    // Somebody destroys them, and for a while sanoid goes by what it remembers.
    for (const name of await machine.snapshots('tank')) await machine.zfs('destroy', name);
    const again = await drive(sanoidSnapshots, { dataset: 'tank/persist', config }, { host: machine.host });
    expect((await again.act()).snapshots).toHaveLength(4);
  });

  it.each([
    ['a child before its recursive parent', plex + recursive + production],
    ['a child behind it', recursive + plex + production],
    ['atomic recursion', recursive.replace('= yes', '= zfs') + plex + production],
    ['children only', `${recursive}process_children_only = yes\n${production}`],
    ['skipped children', recursive.replace('recursive = yes', 'skip_children = yes') + production],
    ['a template that is not there', recursive + plex],
    [
      'a default template',
      `${recursive}${production.replace('24', '0').replace('7', '0')}[template_default]\nweekly = 2\n`,
    ],
    ['a path', `[x]\npath = tank/persist/sonarr\nuse_template = production\n${production}`],
  ])('snapshots what is computed for it, with %s', async (_, text) => {
    const machine = await replicationMachine();
    const config = conf(machine, text);
    await machine.host.exec({ argv: ['sanoid', `--configdir=${config}`, '--take-snapshots'] });
    const taken = new Set((await machine.snapshots('tank')).map((name) => name.split('@')[0]));
    const all = ['tank', 'tank/persist', 'tank/persist/plex', 'tank/persist/sonarr'];
    const computed = sanoidPolicies(parseSanoidConf(text, 'x'), all);
    expect(all.filter((name) => computed.get(name)?.snapshots === true)).toEqual(
      all.filter((name) => taken.has(name)),
    );
  });

  it('is told apart from a policy that it does not take, and from one that cannot be found', async () => {
    const machine = await replicationMachine();
    const check = async (text: string) => {
      const config = conf(machine, text);
      return (await drive(sanoidPolicy, { ...wanted, config }, { host: machine.host })).act();
    };
    await expect(check(`${recursive}${plex}${production}hurly = 2\n`)).rejects.toMatchObject({
      code: 'sanoid.refuses',
      message: expect.stringContaining('hurly') as string,
    });
    await expect(check(recursive + production)).rejects.toMatchObject({
      code: 'sanoid.policy',
      message: expect.stringContaining('com.sun:auto-snapshot') as string,
    });
    const config = join(machine.folder, 'nowhere');
    await expect(
      (await drive(sanoidPolicy, { ...wanted, config }, { host: machine.host })).act(),
    ).rejects.toMatchObject({ code: 'sanoid.no-policy' });
  });

  it('is seen to fail where it exits with 0 and took nothing', async () => {
    const machine = await replicationMachine();
    const config = conf(machine, recursive + plex + production);
    await machine.shim(
      'zfs',
      'case "$1" in snapshot) echo "cannot create snapshot: out of space" >&2; exit 1 ;; esac',
    );
    const step = await drive(sanoidSnapshots, { dataset: 'tank/persist', config }, { host: machine.host });
    await expect(step.act()).rejects.toMatchObject({
      code: 'sanoid.not-taken',
      message: expect.stringContaining('tank/persist/sonarr (hourly)') as string,
    });
  });

  it('is waited for until its schedule has taken one of each dataset, and no longer than said', async () => {
    const machine = await replicationMachine();
    const config = conf(machine, recursive + plex + production);
    const given = { dataset: 'tank/persist', without: ['tank/persist/plex'], every: '50ms' };
    const none = await drive(scheduledSnapshots, { ...given, within: '100ms' }, { host: machine.host });
    await expect(none.act()).rejects.toMatchObject({
      code: 'sanoid.not-scheduled',
      message: expect.stringContaining('tank/persist, tank/persist/sonarr') as string,
    });
    const step = await drive(scheduledSnapshots, { ...given, within: '20s' }, { host: machine.host });
    const waiting = step.act();
    await machine.host.exec({ argv: ['sanoid', `--configdir=${config}`, '--take-snapshots'] });
    expect((await waiting).seen.map(({ dataset }) => dataset)).toEqual([
      'tank/persist',
      'tank/persist/sonarr',
    ]);
  });
});
