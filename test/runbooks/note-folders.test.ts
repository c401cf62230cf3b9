import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { noteFolders } from '../../runbooks/nixos-module/note-folders.ts';
import { temporaryFolder } from '../host/folder.ts';
import { drive } from '../operations/drive.ts';

test('of the folders that came with a configuration those go that were not there and are empty', async () => {
  const root = temporaryFolder();
  mkdirSync(join(root, 'etc/there'), { recursive: true });
  const paths = ['etc/new/inner', 'etc/there', 'var/records', 'never'].map((path) => join(root, path));
  const step = await drive(noteFolders, { paths });
  await step.act();
  mkdirSync(join(root, 'etc/new/inner'), { recursive: true });
  mkdirSync(join(root, 'var/records'), { recursive: true });
  writeFileSync(join(root, 'var/records/kept'), '');
  for (const _ of [1, 2]) {
    await step.undo();
    expect(['etc/new', 'etc/there', 'var/records/kept'].map((path) => existsSync(join(root, path)))).toEqual([
      false,
      true,
      true,
    ]);
  }
});
