import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { zfsReplicate } from '../../../../src/operations/index.ts';
import { drive } from '../../../operations/drive.ts';
import { noPools, poolMachine, type PoolMachine } from './pool.ts';

const skip = noPools !== false;

/** A dataset with a snapshot in one pool, and another pool. */
async function twoPools(): Promise<{
  machine: PoolMachine;
  write: (name: string, text: string) => Promise<void>;
}> {
  const machine = await poolMachine();
  for (const name of ['tank', 'backup']) await machine.pool(name);
  const point = join(machine.folder, 'media');
  await machine.zfs('create', '-o', `mountpoint=${point}`, 'tank/media');
  const write = (name: string, text: string) => machine.host.files.replace(join(point, name), text);
  await write('film', 'a film');
  await machine.zfs('snapshot', 'tank/media@one');
  return { machine, write };
}

const get = async (machine: PoolMachine, property: string, name: string) =>
  (await machine.zfs('get', '-H', '-p', '-o', 'value', property, name)).trim();

describe('zfsReplicate', { skip }, () => {
  test('the first send is whole, the next holds what changed, and both sides have the same snapshots by GUID', async () => {
    const { machine, write } = await twoPools();
    const { host } = machine;
    const first = await drive(zfsReplicate, { snapshot: 'tank/media@one', to: 'backup/media' }, { host });
    expect(await first.probe()).toBe('not-started');
    const output = await first.act();
    expect(output).toMatchObject({ snapshot: 'backup/media@one', sent: 'full' });
    expect(await get(machine, 'guid', 'backup/media@one')).toBe(await get(machine, 'guid', 'tank/media@one'));
    expect(await first.probe()).toEqual({ done: output });
    expect(await get(machine, 'readonly', 'backup/media')).toBe('on');
    expect(await get(machine, 'mounted', 'backup/media')).toBe('no');
    expect(await get(machine, 'userrefs', 'tank/media@one')).toBe('0');

    await write('series', 'a series');
    await machine.zfs('snapshot', 'tank/media@two');
    await machine.zfs('snapshot', 'tank/media@three');
    // A name says nothing.
    await machine.zfs('rename', 'backup/media@one', 'backup/media@renamed');
    const next = await drive(
      zfsReplicate,
      { snapshot: 'tank/media@three', to: 'backup/media', intermediate: true },
      { host },
    );
    expect(await next.act()).toMatchObject({ sent: 'incremental', snapshot: 'backup/media@three' });
    expect(await machine.zfs('list', '-H', '-o', 'name', '-t', 'snapshot', '-r', 'backup')).toBe(
      'backup/media@renamed\nbackup/media@two\nbackup/media@three\n',
    );
    // What was there before is not rolled back.
    await next.undo();
    expect(await next.probe()).toBe('not-started');
    expect(await get(machine, 'guid', 'backup/media@three')).toBe(
      await get(machine, 'guid', 'tank/media@three'),
    );
    expect(await next.act()).toMatchObject({ snapshot: 'backup/media@three' });

    await first.undo();
    expect(await first.probe()).toBe('not-started');
    await expect(get(machine, 'guid', 'backup/media')).rejects.toThrow('does not exist');
    await first.undo();
  });

  test('a target that has what the source has not, was written to, or is no replica is refused and left alone', async () => {
    const { machine } = await twoPools();
    const { host } = machine;
    const send = (label: string, to: string) =>
      drive(zfsReplicate, { snapshot: `tank/media@${label}`, to }, { host });
    const first = await send('one', 'backup/media');
    await first.act();
    await machine.zfs('snapshot', 'tank/media@two');
    await machine.zfs('snapshot', 'backup/media@own');
    await expect(send('two', 'backup/media')).rejects.toMatchObject({
      code: 'zfs.target-ahead',
      message: expect.stringContaining('backup/media@own') as string,
    });
    await machine.zfs('destroy', 'backup/media@own');

    // The snapshot that the replica rests on is pruned on the source.
    await machine.zfs('destroy', 'tank/media@one');
    await expect(send('two', 'backup/media')).rejects.toMatchObject({ code: 'zfs.no-common-snapshot' });
    await expect(send('one', 'backup/other')).rejects.toMatchObject({ code: 'zfs.no-snapshot' });
    // The replica is now the only one that has it.
    await first.undo();
    expect(first.log.join()).toContain('is kept: it has what the source has not: backup/media@one');
    expect(await first.probe()).toBe('not-started');
    await machine.zfs('create', 'backup/plain');
    await expect(send('two', 'backup/plain')).rejects.toMatchObject({ code: 'zfs.target-without-snapshots' });
    await expect(send('two', 'backup/absent/x')).rejects.toMatchObject({ code: 'zfs.no-parent' });

    const written = await drive(
      zfsReplicate,
      { snapshot: 'tank/media@two', to: 'backup/written', readOnly: false },
      { host },
    );
    await written.act();
    const point = join(machine.folder, 'written');
    await machine.zfs('set', `mountpoint=${point}`, 'backup/written');
    await machine.zfs('mount', 'backup/written');
    await host.files.replace(join(point, 'note'), 'mine');
    await machine.zfs('snapshot', 'tank/media@three');
    const step = await send('three', 'backup/written');
    await expect(step.act()).rejects.toMatchObject({ code: 'zfs.target-written' });
    expect(await host.files.read(join(point, 'note'))).toBe('mine');
    expect(await step.probe()).toBe('not-started');
    expect(await get(machine, 'userrefs', 'tank/media@three')).toBe('1');
    await step.undo();
    expect(await get(machine, 'userrefs', 'tank/media@three')).toBe('0');
    // It is mounted, so what is in it may be needed.
    await written.undo();
    expect(written.log.join()).toContain('is kept');
    expect(await host.files.read(join(point, 'note'))).toBe('mine');
    expect(await written.probe()).toBe('not-started');
  });

  test('a receive that a power cut interrupts leaves nothing by halves, and is made anew', async () => {
    const { machine } = await twoPools();
    const { host } = machine;
    const point = join(machine.folder, 'media');
    await host.exec({ argv: ['dd', 'if=/dev/urandom', `of=${join(point, 'large')}`, 'bs=1M', 'count=40'] });
    await machine.zfs('snapshot', 'tank/media@large');
    const step = await drive(zfsReplicate, { snapshot: 'tank/media@large', to: 'backup/media' }, { host });
    const act = step.act().catch((thrown: unknown) => thrown);
    // It is at work as soon as the snapshot is held.
    await vi.waitUntil(async () => (await get(machine, 'userrefs', 'tank/media@large')) !== '0', {
      timeout: 60_000,
    });
    await machine.cut();
    expect(await act).toMatchObject({ message: expect.stringContaining('has died') as string });
    await machine.boot();
    expect(['not-started', 'partial']).toContain(await step.probe());
    // No pruning takes away what is being sent.
    await expect(machine.zfs('destroy', 'tank/media@large')).rejects.toThrow('busy');
    const output = await step.act();
    expect(await step.probe()).toEqual({ done: output });
    expect(await get(machine, 'userrefs', 'tank/media@large')).toBe('0');
    // Received, and the power goes before it is marked.
    await machine.zfs('inherit', 'migrate:run', 'backup/media');
    await machine.zfs('inherit', 'migrate:run', 'backup/media@large');
    expect(await step.probe()).toBe('partial');
    expect(await step.act()).toEqual(output);
    await step.undo();
    expect(await step.probe()).toBe('not-started');
  });

  test('a target pool without room is told, and leaves nothing behind', async () => {
    const machine = await poolMachine();
    const { host } = machine;
    await machine.pool('tank');
    await machine.pool('small', { megabytes: 64 });
    const point = join(machine.folder, 'media');
    await machine.zfs('create', '-o', `mountpoint=${point}`, 'tank/media');
    await host.exec({ argv: ['dd', 'if=/dev/urandom', `of=${join(point, 'large')}`, 'bs=1M', 'count=50'] });
    await machine.zfs('snapshot', 'tank/media@one');
    const step = await drive(zfsReplicate, { snapshot: 'tank/media@one', to: 'small/media' }, { host });
    await expect(step.act()).rejects.toMatchObject({ code: 'zfs.full' });
    expect(await step.probe()).toBe('not-started');
    await step.undo();
    expect(await machine.zfs('list', '-H', '-o', 'name', '-r', 'small')).toBe('small\n');
  });
});
