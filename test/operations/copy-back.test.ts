import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { copyTree } from '../../src/operations/index.ts';
import { temporaryFolder } from '../copy/folder.ts';
import { drive } from './drive.ts';

/** A small tree, copied by a warm and a final pass, as a run would. */
async function copied(more: object = {}) {
  const folder = temporaryFolder();
  const [from, to, run] = [join(folder, 'from'), join(folder, 'to'), join(folder, 'run')];
  mkdirSync(from);
  mkdirSync(run);
  writeFileSync(join(from, 'a'), 'a');
  writeFileSync(join(from, 'b'), 'b');
  utimesSync(join(from, 'a'), 1, 1);
  const pass = async (kind: 'warm' | 'final') => {
    const given = { from, to, manifest: join(run, 'manifest'), pass: kind, ...more };
    const step = await drive(copyTree, given, { run: { folder: run } });
    await step.act();
    return step;
  };
  const warm = await pass('warm');
  const final = await pass('final');
  const write = () => {
    writeFileSync(join(to, 'new'), 'new');
    writeFileSync(join(to, 'b'), 'changed');
    rmSync(join(to, 'a'));
  };
  return { folder, from, to, run, warm, final, write };
}

const read = (...path: string[]) => readFileSync(join(...path), 'utf8');
const id = 'test-20260101-abcd';

describe('the undo of a copy', () => {
  test('tells what was written since, with what either decision does', async () => {
    const { to, final, warm, write } = await copied();
    expect(await final.laterWrites()).toBeUndefined();
    write();
    const writes = await final.laterWrites();
    expect(writes).toMatchObject({ where: to, added: 1, changed: 1, deleted: 1, bytes: 10 });
    expect(writes?.first).toEqual(['a', 'b', 'new']);
    expect(writes?.carryBack).toContain(`.migrate-replaced-${id}`);
    expect(writes?.drop).toContain(`${to}.migrate-dropped-${id}`);
    expect(await warm.laterWrites()).toEqual(writes);
  });

  test('carries it back once, keeps what it replaces, and then removes the copy', async () => {
    const { from, to, run, warm, final, write } = await copied();
    write();
    await final.undo('carry-back');
    expect([read(from, 'new'), read(from, 'b'), existsSync(join(from, 'a'))]).toEqual([
      'new',
      'changed',
      false,
    ]);
    const aside = `${from}.migrate-replaced-${id}`;
    expect([read(aside, 'a'), read(aside, 'b')]).toEqual(['a', 'b']);
    expect(await warm.laterWrites()).toBeUndefined();
    writeFileSync(join(from, 'new'), 'used on the old side again');
    await warm.undo('carry-back');
    expect(existsSync(to)).toBe(false);
    expect(read(from, 'new')).toBe('used on the old side again');
    expect(existsSync(join(run, 'manifest.later-writes.json'))).toBe(false);
  });

  test('drops it into a folder of its own, also when the copy itself is left to an earlier pass', async () => {
    const { from, to, warm, final, write } = await copied();
    write();
    await final.undo('drop');
    const aside = `${to}.migrate-dropped-${id}`;
    expect([read(aside, 'new'), read(aside, 'b'), read(from, 'b')]).toEqual(['new', 'changed', 'b']);
    expect(existsSync(join(to, 'new'))).toBe(false);
    await warm.undo('drop');
    expect(existsSync(to)).toBe(false);
    expect(read(aside, 'new')).toBe('new');
  });

  test('decides by the parameter where nobody else does', async () => {
    const { from, final, write } = await copied({ laterWrites: 'carry-back' });
    write();
    expect(await final.laterWrites()).toMatchObject({ decided: 'carry-back' });
    await final.undo();
    expect(read(from, 'new')).toBe('new');
  });

  test('carries nothing back into another tree than the one that was copied', async () => {
    const { from, to, final, write } = await copied();
    write();
    renameSync(from, `${from}.old`);
    mkdirSync(from);
    await expect(final.undo('carry-back')).rejects.toMatchObject({ code: 'copy.undo-source-lost' });
    expect(existsSync(join(from, 'new'))).toBe(false);
    expect(read(to, 'new')).toBe('new');
  });
});

describe('before it relies on the old tree', () => {
  test('it looks whether it is there, and reads a sample of it', async () => {
    const { warm, final } = await copied();
    expect(await warm.missing()).toEqual([]);
    expect(await final.missing()).toEqual([]);
  });

  test('it finds damage that shows in no time and no size', async () => {
    const { from, warm } = await copied();
    writeFileSync(join(from, 'a'), 'x');
    utimesSync(join(from, 'a'), 1, 1);
    expect(await warm.missing()).toEqual(['the old tree: 1 of 2 sampled files are damaged, such as a']);
  });

  test('it refuses a tree that is empty or another one', async () => {
    const empty = await copied();
    rmSync(join(empty.from, 'a'));
    rmSync(join(empty.from, 'b'));
    expect(await empty.warm.missing()).toEqual([`the old tree: ${empty.from} is empty`]);
    const other = await copied();
    renameSync(other.from, `${other.from}.old`);
    mkdirSync(other.from);
    expect((await other.warm.missing()).join()).toMatch(/^the old tree: /);
  });
});
