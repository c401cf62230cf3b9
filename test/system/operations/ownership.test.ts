import { lchownSync, lstatSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ownership } from '../../../src/operations/index.ts';
import { temporaryFolder } from '../../host/folder.ts';
import { drive } from '../../operations/drive.ts';

const ownersOf = (paths: readonly string[]) =>
  paths.map((path) => {
    const { uid, gid } = lstatSync(path);
    return `${uid}:${gid}`;
  });

test('ownership gives a tree to an account, follows no symlink out of it, and its undo gives each back to whose it was', async () => {
  const outside = join(temporaryFolder(), 'outside');
  const root = join(temporaryFolder(), 'data');
  const paths = [root, join(root, 'a'), join(root, 'a/b'), join(root, 'link')];
  mkdirSync(join(root, 'a'), { recursive: true });
  writeFileSync(outside, 'x');
  writeFileSync(join(root, 'a/b'), 'x');
  symlinkSync(outside, join(root, 'link'));
  for (const [index, path] of paths.entries()) lchownSync(path, 1_000 + index, 2_000 + index);
  const before = ownersOf([...paths, outside]);
  const step = await drive(ownership, {
    path: root,
    owner: 'daemon',
    group: '4711',
    mode: '0700',
    within: {},
  });
  await step.act();
  expect(ownersOf(paths)).toEqual(paths.map(() => '1:4711'));
  expect(await step.probe()).toBe('done');
  await step.undo();
  expect(ownersOf([...paths, outside])).toEqual(before);
  expect(await step.probe()).toBe('not-started');
});
