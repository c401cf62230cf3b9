import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readDatasetTree } from '../../../../src/operations/replication/dataset-tree.ts';
import { replicaComparison } from '../../../../src/operations/replication/replica-comparison.ts';
import { replicationLag } from '../../../../src/operations/replication/replication-lag.ts';
import { syncoidReplicate } from '../../../../src/operations/replication/syncoid-replicate.ts';
import { drive } from '../../../operations/drive.ts';
import { noReplication, place, replicationMachine, type ReplicationMachine } from './replication-machine.ts';

const skip = noReplication !== false;
const replicate = (machine: ReplicationMachine, options: { aside?: string[]; exclude?: string[] } = {}) =>
  drive(syncoidReplicate, { ...place, ...options }, { host: machine.host });
const replicated = async (machine: ReplicationMachine) => (await replicate(machine)).act();

const lagOf = (machine: ReplicationMachine) => replicationLag(place).measure({ host: machine.host } as never);

describe.skipIf(skip)('syncoid, on real pools', () => {
  it('replicates fully, then what came since, and both sides have the same snapshots by GUID', async () => {
    const machine = await replicationMachine();
    expect(await lagOf(machine)).toMatchObject({ value: Number.POSITIVE_INFINITY });
    machine.write('sonarr', 'one');
    const first = await replicate(machine);
    expect(await first.probe()).toBe('not-started');
    const full = await first.act();
    expect(full).toMatchObject({ kind: 'full', tries: 1, aside: [] });
    expect(full.datasets.map(({ replica }) => replica)).toEqual([
      'backup-pool/tank-replica',
      'backup-pool/tank-replica/plex',
      'backup-pool/tank-replica/sonarr',
    ]);
    expect(await first.probe()).toBe('partial');
    expect(
      (await machine.zfs('get', '-H', '-o', 'value', 'readonly', full.datasets[2]?.replica ?? '')).trim(),
    ).toBe('on');

    machine.write('sonarr', 'two');
    const next = await replicated(machine);
    expect(next).toMatchObject({ kind: 'incremental', tries: 1 });
    for (const { dataset, replica, guid } of next.datasets)
      for (const side of [dataset, replica])
        expect((await readDatasetTree(machine.host, side))?.[0]?.snapshots.at(-1)?.guid).toBe(guid);
    expect(next.datasets.map(({ guid }) => guid)).not.toEqual(full.datasets.map(({ guid }) => guid));

    const compared = await (await drive(replicaComparison, place, { host: machine.host })).act();
    expect(compared).toMatchObject({ missing: [], unfit: [] });
    expect(compared.common.map(({ behind }) => behind)).toEqual([0, 0, 0]);
    expect(await lagOf(machine)).toMatchObject({ value: expect.closeTo(0, 1) as number });

    // What a rollback of the step leaves: everything, on both sides.
    const before = await machine.snapshots('backup-pool');
    await first.undo();
    expect(await machine.snapshots('backup-pool')).toEqual(before);
  });

  it('tells clearly when the snapshot that it sends from is pruned meanwhile, and loses none of the replica', async () => {
    const machine = await replicationMachine();
    await machine.zfs('snapshot', '-r', 'tank/persist@a');
    await replicated(machine);
    machine.write('sonarr', 'two');
    await machine.shim('zfs', `case "$*" in send*-I*sonarr@*) "$REAL" destroy "$3" ;; esac`);
    const step = await replicate(machine);
    const kept = await machine.snapshots('backup-pool/tank-replica/sonarr');
    // What is left in common is older than the replica's newest snapshot, which -F alone could remove.
    await expect(step.act()).rejects.toMatchObject({
      code: 'replication.target-changed',
      message: expect.stringContaining('backup-pool/tank-replica/sonarr@syncoid_') as string,
    });
    expect(step.log.join()).toContain('pruned: tank/persist/sonarr');
    expect(await machine.snapshots('backup-pool/tank-replica/sonarr')).toEqual(kept);
  });

  it('tries again when a snapshot in the middle of those that it sends is pruned', async () => {
    const machine = await replicationMachine();
    await replicated(machine);
    await machine.zfs('snapshot', '-r', 'tank/persist@hourly');
    await machine.shim(
      'zfs',
      `case "$*" in send*-I*sonarr@*)
         [ -e /run/pruned ] || { touch /run/pruned; last=; for s; do last=$s; done; "$REAL" destroy "$last"; } ;;
       esac`,
    );
    const step = await replicate(machine);
    expect(await step.act()).toMatchObject({ kind: 'incremental', tries: 2 });
  });

  it('refuses a target that was written to, and neither rolls it back nor loses what was written', async () => {
    const machine = await replicationMachine();
    await replicated(machine);
    await machine.zfs('set', 'readonly=off', 'backup-pool/tank-replica');
    await machine.zfs('set', `mountpoint=${machine.folder}/replica`, 'backup-pool/tank-replica/sonarr');
    await machine.host.exec({ argv: ['touch', `${machine.folder}/replica/mine`] });
    machine.write('sonarr', 'two');
    const step = await replicate(machine);
    await expect(step.act()).rejects.toMatchObject({
      code: 'replication.target-changed',
      hint: expect.stringContaining('zfs rollback') as string,
    });
    expect(await machine.host.files.stat(`${machine.folder}/replica/mine`)).toBeDefined();

    await machine.zfs('snapshot', 'backup-pool/tank-replica/sonarr@mine');
    const sent = await machine.snapshots('tank/persist');
    await expect((await replicate(machine)).act()).rejects.toMatchObject({
      code: 'replication.target-changed',
      message: expect.stringContaining('sonarr@mine') as string,
    });
    // It was found before syncoid was called, so that no snapshot is left at the source either.
    expect(await machine.snapshots('tank/persist')).toEqual(sent);
  });

  it('without a common snapshot, makes a full replica with a word only, and keeps the former one aside', async () => {
    const machine = await replicationMachine();
    await replicated(machine);
    for (const one of await machine.snapshots('tank/persist/sonarr')) await machine.zfs('destroy', one);
    await expect((await replicate(machine)).act()).rejects.toMatchObject({ code: 'replication.unrelated' });
    const compared = await (
      await drive(replicaComparison, { ...place, agree: true }, { host: machine.host })
    ).act();
    expect(compared.unfit).toEqual(['backup-pool/tank-replica/sonarr']);
    const kept = await machine.snapshots('backup-pool/tank-replica/sonarr');

    const step = await replicate(machine, { aside: compared.unfit });
    const output = await step.act();
    expect(output).toMatchObject({ kind: 'full', aside: [{ was: compared.unfit[0] }] });
    const aside = output.aside[0]?.is ?? '';
    expect(await machine.snapshots(aside)).toEqual(
      kept.map((name) => name.replace('backup-pool/tank-replica/sonarr', aside)),
    );
    // An attempt that was interrupted after the renaming knows of it, and renames nothing more.
    expect(await step.act()).toMatchObject({ kind: 'full', aside: output.aside });

    // All of it, with the children along.
    for (const one of await machine.snapshots('tank/persist')) await machine.zfs('destroy', one);
    const unfit = ['backup-pool/tank-replica', 'backup-pool/tank-replica/sonarr'];
    const whole = await drive(
      syncoidReplicate,
      { ...place, aside: unfit },
      { host: machine.host, run: { id: 'second' } },
    );
    expect((await whole.act()).aside).toEqual([
      { was: 'backup-pool/tank-replica', is: 'backup-pool/tank-replica-aside-second' },
    ]);
    expect(await machine.snapshots('backup-pool/tank-replica-aside-second/plex')).not.toEqual([]);
  });

  it('says that the target has no room before anything is sent, and that it became full afterwards', async () => {
    const machine = await replicationMachine({ backupMegabytes: 64 });
    machine.write('sonarr', 'large', 60 * 1024);
    await machine.zfs('snapshot', '-r', 'tank/persist@a');
    const sent = await machine.snapshots('tank');
    await expect((await replicate(machine)).act()).rejects.toMatchObject({ code: 'replication.no-room' });
    expect(await machine.snapshots('tank')).toEqual(sent);

    await machine.host.exec({ argv: ['rm', `${machine.folder}/sonarr/large`] });
    await machine.zfs('destroy', '-r', 'tank/persist@a');
    await replicated(machine);
    machine.write('sonarr', 'larger', 60 * 1024);
    await expect((await replicate(machine)).act()).rejects.toMatchObject({ code: 'replication.full' });
    // Not the replica as it was, nor the way on from there, is harmed by that.
    await machine.host.exec({ argv: ['rm', `${machine.folder}/sonarr/larger`] });
    await machine.zfs('destroy', (await machine.snapshots('tank/persist/sonarr')).at(-1) ?? '');
    expect(await replicated(machine)).toMatchObject({ kind: 'incremental' });
  });

  it('makes no snapshots for a pool that is not there, nor beside another replication, nor into the same pool', async () => {
    const machine = await replicationMachine();
    await replicated(machine);
    const before = await machine.snapshots('tank');
    const script = `${machine.folder}/syncoid`;
    writeFileSync(script, '#!/bin/sh\nsleep 600\n', { mode: 0o755 });
    const [program, ...args] = machine.enter();
    const other = spawn(program, [...args, script, 'tank/persist', place.target]);
    try {
      const busy = { code: 'replication.busy' };
      await expect
        .poll(() =>
          replicate(machine)
            .then((step) => step.act())
            .catch((thrown: unknown) => thrown),
        )
        .toMatchObject(busy);
    } finally {
      other.kill('SIGKILL');
    }
    const step = await replicate(machine);
    await machine.zpool('export', 'backup-pool');
    await expect(step.act()).rejects.toMatchObject({
      code: 'replication.no-pool',
      hint: 'Import it: zpool import backup-pool',
    });
    expect(await machine.snapshots('tank')).toEqual(before);
    await expect(
      drive(syncoidReplicate, { ...place, target: 'tank/replica' }, { host: machine.host }),
    ).rejects.toMatchObject({ code: 'replication.same-pool' });
  });
});
