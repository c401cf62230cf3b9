import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { zfsDataset, zfsPool } from '../../../../src/operations/index.ts';
import * as measures from '../../../../src/operations/zfs/measures.ts';
import { drive } from '../../../operations/drive.ts';
import { noPools, poolMachine } from './pool.ts';

const skip = noPools !== false;

describe('zfsPool and the measures', { skip }, () => {
  test('a sound pool passes; a degraded, full or absent one and a parent that would cover a mount do not', async () => {
    const machine = await poolMachine();
    const { host } = machine;
    await machine.pool('tank', { files: 2, layout: 'mirror', megabytes: 64 });
    await machine.pool('rpool', { megabytes: 64 });
    const persist = join(machine.folder, 'persist');
    await machine.zfs('create', '-p', '-o', `mountpoint=${persist}`, 'rpool/safe/persist');
    await machine.zfs('create', '-o', 'canmount=noauto', '-o', `mountpoint=${persist}`, 'tank/persist');
    const check = async (given: Parameters<typeof drive<object, undefined, undefined, 'readonly'>>[1]) =>
      (await drive(zfsPool, given as never, { host })).act();
    expect(
      await check({ pool: 'tank', properties: { recordsize: '16K', logbias: 'latency' } }),
    ).toMatchObject({
      health: 'ONLINE',
      warnings: [],
    });
    await expect(check({ dataset: 'tank/x', properties: { compression: 'lz4' } })).rejects.toMatchObject({
      code: 'zfs.unsupported',
    });
    await expect(check({ pool: 'tank', parent: 'tank/persist' })).rejects.toMatchObject({
      code: 'zfs.parent-shadows',
      message: expect.stringContaining('rpool/safe/persist is mounted') as string,
      hint: expect.stringContaining('zfs set canmount=off tank/persist') as string,
    });
    await machine.zfs('set', 'canmount=off', 'tank/persist');
    expect(await check({ pool: 'tank', parent: 'tank/persist' })).toMatchObject({ warnings: [] });
    await machine.zfs('set', 'mountpoint=legacy', 'tank/persist');
    expect(await check({ pool: 'tank', parent: 'tank/persist' })).toMatchObject({
      warnings: [expect.stringContaining('inherits the mountpoint legacy')],
    });
    await expect(check({ pool: 'tank', parent: 'tank/absent' })).rejects.toMatchObject({
      code: 'zfs.no-parent',
    });
    await expect(check({ pool: 'absent' })).rejects.toMatchObject({ code: 'zfs.no-pool' });

    await machine.zpool('offline', 'tank', join(machine.folder, 'tank-1.pool'));
    await expect(check({ pool: 'tank' })).rejects.toMatchObject({ code: 'zfs.degraded' });
    expect(await check({ pool: 'tank', degraded: 'accept' })).toMatchObject({ health: 'DEGRADED' });

    // ZFS stops long before a pool this small is full.
    const fill = ['dd', 'if=/dev/urandom', `of=${join(persist, 'x')}`, 'bs=1M', 'count=60'] as const;
    expect((await host.exec({ argv: fill }, { anyExit: true })).stderr).toContain('No space left');
    await expect(check({ pool: 'rpool' })).rejects.toMatchObject({ code: 'zfs.capacity' });
    const step = await drive(
      zfsDataset,
      { dataset: 'rpool/safe/media', mountPoint: join(machine.folder, 'media') },
      { host },
    );
    await expect(step.act()).rejects.toMatchObject({ code: 'zfs.full' });
    expect(await step.probe()).toBe('not-started');
    await step.undo();
    expect(await host.files.stat(join(machine.folder, 'media'))).toBeUndefined();
    expect(await check({ pool: 'rpool', capacity: { critical: 100 } })).toMatchObject({
      warnings: [expect.stringMatching(/rpool is \d+ % full/)],
    });
    expect((await measures.zfsPoolCapacity(host, { pool: 'rpool' })).value).toBeGreaterThan(90);
  });

  test('capacity, snapshots, scrubs, drift and lag of a real pool are measured, and what is not there is thrown', async () => {
    const machine = await poolMachine();
    const { host } = machine;
    await machine.pool('tank');
    await machine.zfs(
      'create',
      '-o',
      'quota=20M',
      '-o',
      `mountpoint=${join(machine.folder, 'media')}`,
      'tank/media',
    );
    const file = join(machine.folder, 'media', 'x');
    await host.exec({ argv: ['dd', 'if=/dev/urandom', `of=${file}`, 'bs=1M', 'count=10'] });
    const dataset = 'tank/media';
    expect(await measures.zfsSnapshotAge(host, { dataset })).toMatchObject({
      value: Number.POSITIVE_INFINITY,
    });
    await machine.zfs('snapshot', 'tank/media@auto-1');
    await machine.zfs('snapshot', 'tank/media@by-hand');
    const capacity = await measures.zfsDatasetCapacity(host, { dataset });
    expect(Math.round(capacity.value)).toBe(50);
    expect(capacity.observed).toContain('of 20 MiB (quota)');
    expect(await measures.zfsSnapshotCount(host, { dataset })).toMatchObject({ value: 2 });
    expect(await measures.zfsSnapshotCount(host, { dataset, prefix: 'auto-' })).toMatchObject({ value: 1 });
    const later = {
      ...host,
      clock: {
        ...host.clock,
        now: () => ({ ...host.clock.now(), wall: host.clock.now().wall + 72 * 3_600_000 }),
      },
    };
    expect((await measures.zfsSnapshotAge(later, { dataset })).value).toBeCloseTo(72, 0);

    await expect(measures.zfsReplicationLag(later, { from: dataset, to: 'tank/copy' })).rejects.toMatchObject(
      {
        code: 'zfs.no-dataset',
      },
    );
    await machine.zfs('create', 'tank/copy');
    expect(await measures.zfsReplicationLag(later, { from: dataset, to: 'tank/copy' })).toMatchObject({
      value: Number.POSITIVE_INFINITY,
    });
    const pipe = 'zfs send tank/media@auto-1 | zfs receive -u tank/replica';
    await host.exec({ argv: ['sh', '-c', pipe] });
    const lag = await measures.zfsReplicationLag(later, { from: dataset, to: 'tank/replica' });
    expect(lag.value).toBeCloseTo(72, 0);
    expect(lag.observed).toContain('lacks 1 younger snapshots');

    expect(
      await measures.zfsPropertyDrift(host, { dataset, properties: { recordsize: '128K' } }),
    ).toMatchObject({
      value: 0,
    });
    expect(
      await measures.zfsPropertyDrift(host, { dataset, properties: { recordsize: '16K', atime: 'off' } }),
    ).toMatchObject({ value: 2, observed: expect.stringContaining('recordsize is 131072') as string });

    expect(await measures.zfsScrubAge(host, { pool: 'tank' })).toMatchObject({
      value: Number.POSITIVE_INFINITY,
    });
    await machine.zpool('scrub', 'tank');
    await expect
      .poll(() => measures.zfsScrubAge(host, { pool: 'tank' }))
      .toMatchObject({
        observed: expect.stringContaining('with 0 errors') as string,
      });
    expect(await measures.zfsScrubErrors(host, { pool: 'tank' })).toMatchObject({ value: 0 });
    await expect(measures.zfsPoolCapacity(host, { pool: 'absent' })).rejects.toMatchObject({
      code: 'zfs.no-pool',
    });
  });
});
