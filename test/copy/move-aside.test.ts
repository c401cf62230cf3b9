import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { moveAside, moveBack } from '../../src/copy/move-aside.ts';
import { planRemoval } from '../../src/copy/removal.ts';
import { temporaryFolder } from './folder.ts';

const list = (folder: string) =>
  execFileSync('find', [folder, '-printf', '%P %i %m\n']).toString().split('\n').toSorted();

function grown(paths: readonly string[]) {
  const folder = temporaryFolder();
  const root = join(folder, 'tree');
  mkdirSync(root);
  for (const path of paths) {
    mkdirSync(join(root, path, '..'), { recursive: true });
    if (!existsSync(join(root, path))) writeFileSync(join(root, path), path);
  }
  const inode = String(lstatSync(root).ino);
  const moving = (keep: readonly string[]) => ({
    root,
    trash: join(folder, '.trash'),
    doomed: planRemoval(root, new Set(keep), keep.length === 0).doomed,
    inode,
  });
  return { folder, root, moving };
}

test('what was moved aside goes back as it was, whatever was to be kept', () => {
  const name = fc.constantFrom('a', 'b', 'c');
  const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => [...parts, 'file'].join('/'));
  fc.assert(
    fc.property(
      fc.uniqueArray(path, { minLength: 1, maxLength: 8 }),
      fc.array(fc.nat(7), { maxLength: 3 }),
      (paths, kept) => {
        const { folder, root, moving } = grown(paths);
        const keep = [...new Set(kept.flatMap((index) => paths[index] ?? []))];
        const before = list(folder);
        const given = moving(keep);
        moveAside(given);
        expect(existsSync(root)).toBe(keep.length > 0);
        for (const one of paths) {
          if (existsSync(root)) expect(existsSync(join(root, one))).toBe(keep.includes(one));
          expect(existsSync(join(given.trash, one))).toBe(!keep.includes(one));
        }
        expect(moveBack(given)).toBe(true);
        expect(list(folder)).toEqual(before);
      },
    ),
    { numRuns: 12 },
  );
});

test('what was replaced since it was looked at stays where it is', () => {
  for (const keep of [[], ['keep/file']]) {
    const { root, moving } = grown(['keep/file', 'other/file']);
    const given = moving(keep);
    const [place, shown] = keep.length === 0 ? [root, root] : [join(root, 'other'), 'other'];
    renameSync(place, `${place}.away`);
    mkdirSync(place);
    writeFileSync(join(place, "somebody else's"), '');
    expect(() => moveAside(given)).toThrow(
      expect.objectContaining({ code: 'remove.replaced', message: expect.stringContaining(shown) }) as Error,
    );
    expect(existsSync(join(place, "somebody else's"))).toBe(true);
  }
});

test('nothing is moved into what somebody put in the place of the folder beside it', () => {
  const { folder, root, moving } = grown(['keep/file', 'other/file']);
  const given = moving(['keep/file']);
  mkdirSync(join(folder, 'elsewhere'));
  symlinkSync('elsewhere', given.trash);
  expect(() => moveAside(given)).toThrow();
  expect(existsSync(join(root, 'other/file'))).toBe(true);
  expect(list(join(folder, 'elsewhere'))).toHaveLength(2);
});

test('what came to stand in the old place is not replaced when things go back', () => {
  const { root, moving } = grown(['keep/file', 'other/file']);
  const given = moving(['keep/file']);
  moveAside(given);
  mkdirSync(join(root, 'other'));
  expect(moveBack(given)).toBe(false);
  expect(existsSync(join(given.trash, 'other/file'))).toBe(true);
});
