import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { asidePlace } from '../../src/copy/aside.ts';
import { carryBack } from '../../src/copy/carry-back.ts';
import type { CopyMachine } from '../../src/copy/machine.ts';
import { putAside } from '../../src/copy/put-aside.ts';
import { live, news, options, prepared, told } from './carry-back-world.ts';
import { compareTrees } from './compare-trees.ts';

describe('later writes', () => {
  test('are what was added, changed and deleted in a copy since its manifest, and nothing else', async () => {
    const world = await prepared();
    expect(await told(world)).toEqual([]);
    live(world);
    expect(await told(world)).toEqual([
      'added # no comment',
      'added ;nor this',
      'added added',
      'added added/deep',
      'added added/deep/file',
      'added added/link',
      'added added/symlink',
      'changed becomes a file',
      'deleted becomes a file/inner',
      'changed becomes a folder',
      'added becomes a folder/inner',
      String.raw`added $'new\x0aname'`,
      'changed var',
      'deleted victim',
      'changed with space',
    ]);
  });

  test('are found by content where size and time say nothing', async () => {
    const world = await prepared();
    const file = join(world.copy, 'victim');
    writeFileSync(file, 'VICTIM');
    execFileSync('touch', ['-r', join(world.tree, 'victim'), file]);
    expect(await told(world)).toEqual(['changed victim']);
  });

  test('are not what only shows that a file was read, linked or touched back', async () => {
    const world = await prepared();
    readFileSync(join(world.copy, 'victim'));
    chmodSync(join(world.copy, 'victim'), statSync(join(world.copy, 'victim')).mode & 0o7777);
    expect(await told(world)).toEqual([]);
  });
});

describe('carrying back', () => {
  test('makes the old tree hold what the new one does, and keeps all that it replaced', async () => {
    const world = await prepared();
    live(world);
    writeFileSync(join(world.tree, 'with space'), 'changed on both sides');
    writeFileSync(join(world.tree, 'only here'), 'stays');
    const done = await carryBack(await options(world), world.machine, async () => {});
    expect(done).toMatchObject({ carried: 13, removed: 2, replaced: 5 });
    rmSync(join(world.tree, 'only here'));
    expect((await compareTrees(world.copy, world.tree)).filter((line) => !/mtime|time/.test(line))).toEqual(
      [],
    );
    expect(readFileSync(join(world.aside, 'with space'), 'utf8')).toBe('changed on both sides');
    expect(readFileSync(join(world.aside, 'victim'), 'utf8')).toBe('victim');
    expect(readFileSync(join(world.aside, 'becomes a folder'), 'utf8')).toBe('was a file');
    expect(readFileSync(join(world.aside, 'becomes a file/inner'), 'utf8')).toBe('was in a folder');
    expect(statSync(world.aside).mode & 0o777).toBe(0o700);
  });

  test('refuses to call it done when one of the sides is written to meanwhile', async () => {
    const world = await prepared();
    live(world);
    const machine: CopyMachine = {
      ...world.machine,
      flush: async (folder, signal) => {
        if (folder === world.tree) appendFileSync(join(world.tree, 'with space'), 'meanwhile');
        return world.machine.flush(folder, signal);
      },
    };
    await expect(carryBack(await options(world), machine, async () => {})).rejects.toMatchObject({
      code: 'copy.carry-back-differs',
    });
  });

  test('removes no folder in which somebody has put something on the old side', async () => {
    const world = await prepared();
    rmSync(join(world.copy, 'becomes a file'), { recursive: true });
    writeFileSync(join(world.tree, 'becomes a file/theirs'), 'x');
    await carryBack(await options(world), world.machine, async () => {});
    expect(readFileSync(join(world.tree, 'becomes a file/theirs'), 'utf8')).toBe('x');
    expect(existsSync(join(world.tree, 'becomes a file/inner'))).toBe(false);
  });
});

describe('dropping', () => {
  test('moves what was written aside, and leaves the rest', async () => {
    const world = await prepared();
    live(world);
    const aside = asidePlace(world.copy, 'dropped', 'run-1');
    const given = { tree: world.copy, aside, writes: await news(world) };
    expect(await putAside(given, world.machine)).toBe(7);
    expect(await putAside(given, world.machine)).toBe(0);
    expect(readFileSync(join(aside, 'added/deep/file'), 'utf8')).toBe('deep');
    expect(readFileSync(join(aside, 'new\nname'), 'utf8')).toBe('new');
    expect(existsSync(join(world.copy, 'added'))).toBe(false);
    expect((await news(world)).every(({ what, type }) => what === 'deleted' || type === 'folder')).toBe(true);
  });
});
