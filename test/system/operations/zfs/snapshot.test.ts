import { describe, expect, test } from 'vitest';
import { zfsDestroy, zfsSnapshot } from '../../../../src/operations/index.ts';
import { drive } from '../../../operations/drive.ts';
import { noPools, poolMachine } from './pool.ts';

const skip = noPools !== false;

async function guidOf(machine: Awaited<ReturnType<typeof poolMachine>>, name: string): Promise<string> {
  return (await machine.zfs('get', '-H', '-p', '-o', 'value', 'guid', name)).trim();
}

describe('zfsSnapshot', { skip }, () => {
  test('snapshots of several datasets are of one moment, held, known after a power cut, and taken back', async () => {
    const machine = await poolMachine();
    const { host } = machine;
    await machine.pool('tank');
    for (const name of ['pg', 'pg/data', 'pg/wal', 'pg/other']) await machine.zfs('create', `tank/${name}`);
    const given = { datasets: ['tank/pg/data', 'tank/pg/wal'], name: 'before', hold: 'migrate' };
    const step = await drive(zfsSnapshot, given, { host });
    expect(await step.probe()).toBe('not-started');
    const output = await step.act();
    expect(output.snapshots.map(({ name }) => name)).toEqual(['tank/pg/data@before', 'tank/pg/wal@before']);
    expect(await step.probe()).toEqual({ done: output });
    await machine.cut();
    await machine.boot();
    expect(await step.act()).toEqual(output);
    // Nothing is left of what an older ZFS had to snapshot besides.
    expect(await machine.zfs('list', '-H', '-o', 'name', '-t', 'snapshot')).toBe(
      'tank/pg/data@before\ntank/pg/wal@before\n',
    );
    await expect(machine.zfs('destroy', 'tank/pg/data@before')).rejects.toThrow('busy');
    await expect(drive(zfsSnapshot, given, { host, run: { id: 'other' } })).rejects.toMatchObject({
      code: 'zfs.snapshot-exists',
    });

    // One of the two alone is no pair: both are taken again.
    await machine.zfs('release', 'migrate', 'tank/pg/wal@before');
    await machine.zfs('destroy', 'tank/pg/wal@before');
    expect(await step.probe()).toBe('partial');
    const again = await step.act();
    expect(again.snapshots[0]?.guid).not.toBe(output.snapshots[0]?.guid);

    await machine.zfs('clone', 'tank/pg/data@before', 'tank/clone');
    await expect(step.undo()).rejects.toMatchObject({ message: expect.stringContaining('clone') as string });
    await machine.zfs('destroy', 'tank/clone');
    await step.undo();
    await step.undo();
    expect(await step.probe()).toBe('not-started');
    expect(await machine.zfs('list', '-H', '-t', 'snapshot')).toBe('');
  });

  test('the snapshot that a power cut left without its hold is held by the next attempt', async () => {
    const machine = await poolMachine();
    await machine.pool('tank');
    await machine.zfs('create', 'tank/media');
    const given = { datasets: ['tank/media'], name: 'before', hold: 'migrate' };
    const step = await drive(zfsSnapshot, given, { host: machine.host });
    const [take] = step.described;
    if (typeof take !== 'object') throw new Error('it describes no command');
    await machine.host.exec(take);
    await machine.cut();
    await machine.boot();
    expect(await step.probe()).toBe('partial');
    const output = await step.act();
    expect(await step.probe()).toEqual({ done: output });
    await expect(
      drive(zfsSnapshot, { datasets: ['tank/absent'], name: 'x' }, { host: machine.host }),
    ).rejects.toMatchObject({ code: 'zfs.no-dataset' });
  });
});

describe('zfsDestroy', { skip }, () => {
  test('a dataset goes by its GUID, with what was listed before and nothing else', async () => {
    const machine = await poolMachine();
    const { host } = machine;
    await machine.pool('tank');
    for (const name of ['old', 'old/child']) await machine.zfs('create', `tank/${name}`);
    await machine.zfs('snapshot', '-r', 'tank/old@one');
    await machine.zfs('clone', 'tank/old@one', 'tank/old/clone');
    const guid = await guidOf(machine, 'tank/old');
    const given = { target: 'tank/old', guid };
    const refused = (more: object) => drive(zfsDestroy, { ...given, ...more }, { host });
    await expect(refused({ guid: '123' })).rejects.toMatchObject({ code: 'zfs.other-dataset' });
    await expect(refused({})).rejects.toMatchObject({ code: 'zfs.has-children' });
    await expect(refused({ including: ['children'] })).rejects.toMatchObject({ code: 'zfs.has-snapshots' });
    const all = { ...given, including: ['children' as const, 'snapshots' as const] };
    await machine.zfs('clone', 'tank/old@one', 'tank/outside');
    await expect(refused(all)).rejects.toMatchObject({
      code: 'zfs.has-clones',
      message: expect.stringContaining('tank/outside') as string,
    });
    await machine.zfs('destroy', 'tank/outside');
    await machine.zfs('hold', 'keep', 'tank/old@one');
    await expect(refused(all)).rejects.toMatchObject({ code: 'zfs.is-held' });

    const step = await drive(zfsDestroy, { ...all, release: ['keep'] }, { host });
    expect(step.captured.doomed.map(({ name }) => name)).toEqual([
      'tank/old/clone',
      'tank/old/child@one',
      'tank/old/child',
      'tank/old@one',
      'tank/old',
    ]);
    expect(await step.probe()).toBe('not-started');
    await machine.zfs('snapshot', 'tank/old@late');
    await expect(step.act()).rejects.toMatchObject({ code: 'zfs.appeared' });
    await machine.zfs('destroy', 'tank/old@late');

    await machine.zfs('destroy', 'tank/old/clone');
    expect(await step.probe()).toBe('partial');
    const output = await step.act();
    expect(output.destroyed).toHaveLength(5);
    expect(await step.probe()).toEqual({ done: output });
    // Another one of that name is nobody's business.
    await machine.zfs('create', 'tank/old');
    expect(await step.probe()).toEqual({ done: output });
    expect(await machine.zfs('list', '-H', '-o', 'name')).toBe('tank\ntank/old\n');
  });

  test('a hold that may not be released stops it before anything is gone, and a renamed dataset is not gone', async () => {
    const machine = await poolMachine();
    const { host } = machine;
    await machine.pool('tank');
    await machine.zfs('create', 'tank/old');
    await machine.zfs('snapshot', 'tank/old@one');
    const given = {
      target: 'tank/old',
      guid: await guidOf(machine, 'tank/old'),
      including: ['snapshots' as const],
    };
    const step = await drive(zfsDestroy, given, { host });
    await machine.zfs('hold', 'keep', 'tank/old@one');
    await expect(step.act()).rejects.toMatchObject({ code: 'zfs.is-held' });
    await machine.zfs('release', 'keep', 'tank/old@one');
    await machine.zfs('rename', 'tank/old', 'tank/renamed');
    expect(await step.probe()).toHaveProperty('unknown', expect.stringContaining('tank/renamed'));
    await expect(drive(zfsDestroy, { target: 'tank', guid: '1' }, { host })).rejects.toMatchObject({
      code: 'zfs.is-pool',
    });
  });
});
