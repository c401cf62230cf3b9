import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { zfsDataset } from '../../../../src/operations/index.ts';
import { drive } from '../../../operations/drive.ts';
import { noPools, poolMachine, type PoolMachine } from './pool.ts';

const skip = noPools !== false;

/** A pool with a parent that is mounted nowhere. */
async function withParent(): Promise<PoolMachine> {
  const machine = await poolMachine();
  await machine.pool('tank');
  await machine.zfs('create', '-o', 'canmount=off', '-o', 'mountpoint=none', 'tank/persist');
  return machine;
}

const valueOf = async (machine: PoolMachine, property: string, name: string) =>
  (await machine.zfs('get', '-H', '-p', '-o', 'value', property, name)).trim();

describe('zfsDataset', { skip }, () => {
  test('a dataset is made with its properties, owner and mode, once, and destroyed with its folders', async () => {
    const machine = await withParent();
    const { host } = machine;
    const mountPoint = join(machine.folder, 'persist', 'media');
    const given = {
      dataset: 'tank/persist/media library',
      mountPoint,
      properties: { recordsize: '16K', compression: 'gzip', 'com.sun:auto-snapshot': 'true' },
      owner: '1000:users',
      mode: '0750',
    };
    const step = await drive(zfsDataset, given, { host });
    expect(await step.probe()).toBe('not-started');
    const output = await step.act();
    expect(output).toMatchObject({ dataset: given.dataset, mountPoint, created: true });
    expect(await valueOf(machine, 'recordsize', given.dataset)).toBe('16384');
    expect(await host.files.stat(mountPoint)).toMatchObject({ uid: 1000, gid: 100, mode: 0o750 });
    expect(await step.probe()).toEqual({ done: output });
    expect(await step.act()).toEqual(output);

    // Another run finds all as it shall be, and takes nothing back of what it did not make.
    const other = await drive(zfsDataset, given, { host, run: { id: 'other-20260101-abcd' } });
    expect(await other.probe()).toMatchObject({ done: { guid: output.guid, created: false } });
    await other.undo();
    expect(await step.probe()).toEqual({ done: output });

    expect(await step.missing()).toEqual([]);
    await step.undo();
    expect(await step.probe()).toBe('not-started');
    expect(await host.files.stat(join(machine.folder, 'persist'))).toBeUndefined();
    await step.undo();
  });

  test('the power goes between its making and the record of it: the next attempt knows it by its mark', async () => {
    const machine = await withParent();
    const { host } = machine;
    const mountPoint = join(machine.folder, 'media');
    const given = { dataset: 'tank/persist/media', mountPoint, mode: '0700' };
    const step = await drive(zfsDataset, given, { host });
    const [create] = step.described;
    if (typeof create !== 'object') throw new Error('it describes no command');
    await host.exec(create);
    await machine.cut();
    await machine.boot();
    expect(await step.probe()).toBe('partial');
    await machine.zfs('unmount', given.dataset);
    expect(await step.probe()).toBe('partial');
    const output = await step.act();
    expect(await step.probe()).toEqual({ done: output });

    // A child inherits the mark, and is yet not of this step.
    await machine.zfs('create', '-o', 'mountpoint=none', 'tank/persist/media/child');
    expect(await step.missing()).toEqual([expect.stringContaining('tank/persist/media/child')]);
    await machine.zfs('destroy', 'tank/persist/media/child');

    await machine.zfs('unmount', given.dataset);
    await machine.zfs('rename', given.dataset, 'tank/persist/away');
    await machine.zfs('set', 'mountpoint=none', 'tank/persist/away');
    await machine.zfs('create', '-o', `mountpoint=${mountPoint}`, given.dataset);
    expect(await step.probe()).toHaveProperty('unknown');
    await expect(step.act()).rejects.toMatchObject({ code: 'zfs.other-dataset' });
    await expect(step.undo()).rejects.toMatchObject({ code: 'zfs.other-dataset' });
    expect(await valueOf(machine, 'mounted', given.dataset)).toBe('yes');
  });

  test('an undo keeps a dataset that holds files or snapshots, and says so', async () => {
    const machine = await withParent();
    const { host } = machine;
    const mountPoint = join(machine.folder, 'media');
    await host.files.makeFolder(mountPoint, { mode: 0o710 });
    const given = { dataset: 'tank/persist/media', mountPoint };
    const step = await drive(zfsDataset, given, { host });
    await step.act();
    await host.files.replace(join(mountPoint, 'film'), 'a film');
    await machine.zfs('snapshot', 'tank/persist/media@later');
    expect(await step.missing()).toEqual([expect.stringContaining('@later')]);
    await step.undo();
    expect(step.log.join()).toContain('is kept');
    expect(await host.files.read(join(mountPoint, 'film'))).toBe('a film');
    expect(await step.probe()).toBe('not-started');

    const again = await drive(zfsDataset, given, { host });
    expect(await again.probe()).toMatchObject({ done: { created: false } });
    await step.act();
    await machine.zfs('destroy', 'tank/persist/media@later');
    await step.undo();
    expect(step.log.join()).toContain('holds film');
    await step.act();
    await host.files.remove(join(mountPoint, 'film'));
    await step.undo();
    expect(await host.files.stat(mountPoint)).toMatchObject({ kind: 'folder', mode: 0o710 });
    await expect(machine.zfs('get', 'type', given.dataset)).rejects.toThrow('does not exist');
  });

  test('other properties are told, or set when that is asked for, and put back by the undo', async () => {
    const machine = await withParent();
    const { host } = machine;
    const mountPoint = join(machine.folder, 'media');
    const dataset = 'tank/persist/media';
    await machine.zfs('create', '-o', `mountpoint=${mountPoint}`, '-o', 'atime=off', dataset);
    const given = { dataset, mountPoint, properties: { recordsize: '16K', atime: 'on' } };
    await expect(drive(zfsDataset, given, { host })).rejects.toMatchObject({
      code: 'zfs.drift',
      message: expect.stringContaining(
        'recordsize is 131072 (default), wanted is 16K; atime is off (local)',
      ) as string,
    });
    const step = await drive(zfsDataset, { ...given, drift: 'set' }, { host });
    expect(await step.probe()).toBe('not-started');
    const output = await step.act();
    expect(output.created).toBe(false);
    expect(await step.probe()).toEqual({ done: output });
    await step.undo();
    expect(await step.probe()).toBe('not-started');
    expect(await machine.zfs('get', '-H', '-o', 'value,source', 'recordsize,atime', dataset)).toBe(
      '128K\tdefault\noff\tlocal\n',
    );
  });

  test('a place that holds data, is mounted over, or belongs to another dataset is refused', async () => {
    const machine = await withParent();
    const { host } = machine;
    const full = join(machine.folder, 'full');
    await host.files.replace(join(machine.folder, 'note'), 'x');
    await host.files.makeFolder(full);
    await host.files.replace(join(full, 'database'), 'x');
    const at = (mountPoint: string) =>
      drive(zfsDataset, { dataset: 'tank/persist/media', mountPoint }, { host });
    await expect(at(full)).rejects.toMatchObject({
      code: 'zfs.shadows',
      message: expect.stringContaining('database') as string,
    });
    await expect(at('/run')).rejects.toMatchObject({ code: 'zfs.occupied' });
    await expect(at(join(machine.folder, 'note'))).rejects.toMatchObject({ code: 'zfs.no-folder' });
    const taken = join(machine.folder, 'taken');
    await machine.zfs('create', '-o', `mountpoint=${taken}`, 'tank/other');
    await machine.zfs('unmount', 'tank/other');
    await expect(at(taken)).rejects.toMatchObject({ code: 'zfs.mountpoint-taken' });

    // The folder fills up after the capture.
    const late = join(machine.folder, 'late');
    const step = await at(late);
    await host.files.makeFolder(late);
    await host.files.replace(join(late, 'new'), 'x');
    await expect(step.act()).rejects.toMatchObject({ code: 'zfs.shadows' });
    expect(await step.probe()).toBe('not-started');
  });

  test('beneath a legacy parent a dataset is mounted all the same; what the pool cannot take is told with the mend', async () => {
    const machine = await withParent();
    const { host } = machine;
    await machine.zfs('create', '-o', 'mountpoint=legacy', 'tank/old');
    const mountPoint = join(machine.folder, 'media');
    const step = await drive(zfsDataset, { dataset: 'tank/old/media', mountPoint }, { host });
    await step.act();
    const parent = await drive(zfsDataset, { dataset: 'tank/new', mountPoint: 'none' }, { host });
    await parent.act();
    expect(await valueOf(machine, 'canmount', 'tank/new')).toBe('off');
    const refused = (dataset: string, properties: Record<string, string>) =>
      drive(zfsDataset, { dataset, mountPoint: join(machine.folder, 'x'), properties }, { host });
    await expect(refused('tank/x', { compression: 'lz4', recordsize: '1M' })).rejects.toMatchObject({
      code: 'zfs.unsupported',
      message: expect.stringMatching(/compression=lz4.*recordsize=1M/) as string,
      hint: expect.stringContaining('zpool upgrade tank') as string,
    });
    await expect(refused('tank/x', { recordsiz: '1M' })).rejects.toThrow('Did you mean "recordsize"');
    await expect(refused('tank/absent/x', {})).rejects.toMatchObject({
      code: 'zfs.no-parent',
      hint: expect.stringContaining('zfs create -p') as string,
    });
    await expect(refused('other/x', {})).rejects.toMatchObject({ code: 'zfs.no-pool' });
  });

  test('two runs at once: one makes the dataset, the other does not take it for its own', async () => {
    const machine = await withParent();
    const { host } = machine;
    const given = { dataset: 'tank/persist/media', mountPoint: join(machine.folder, 'media') };
    const one = await drive(zfsDataset, given, { host, run: { id: 'one' } });
    const other = await drive(zfsDataset, given, { host, run: { id: 'other' } });
    const ends = await Promise.allSettled([one.act(), other.act()]);
    expect(ends.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    const loser = ends[0].status === 'rejected' ? one : other;
    expect(await loser.probe()).toHaveProperty('unknown');
    await expect(loser.undo()).rejects.toMatchObject({ code: 'zfs.other-dataset' });
  });
});
