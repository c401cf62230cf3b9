import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { copyTree } from '../../../src/operations/index.ts';
import { compareTrees } from '../../copy/compare-trees.ts';
import { temporaryFolder } from '../../copy/folder.ts';
import { growTree } from '../../copy/sample-tree.ts';
import { drive } from '../../operations/drive.ts';
import { disk, needsRoot } from '../copy/disk.ts';
import { unmountAll } from './loop-disk.ts';

const skip = needsRoot;
const id = 'test-20260101-abcd';

/** An old disk and a new one, each the tree itself, copied by a final pass and switched over to. */
async function switched() {
  const [old, ssd] = [disk(), disk({ type: 'ext4' })];
  const [from, to, run] = [old.point, ssd.point, temporaryFolder()];
  growTree(from, { files: 10 });
  const expectMount = { point: ssd.point, uuid: ssd.uuid };
  const given = { from, to, manifest: join(run, 'manifest'), pass: 'final' as const, expectMount };
  const step = await drive(copyTree, given, { run: { folder: run } });
  await step.act();
  writeFileSync(join(to, 'new'), 'new');
  execFileSync('setfattr', ['-n', 'user.origin', '-v', 'later', join(to, 'new')]);
  execFileSync('setfacl', ['-m', 'u:1234:rw', join(to, 'new')]);
  rmSync(join(to, 'with space'));
  return { old, ssd, from, to, run, step };
}

test('later writes come back from one disk to another, attributes and all', { skip }, async () => {
  const { from, to, step } = await switched();
  const before = readFileSync(join(from, 'with space'));
  const ignore = ['lost+found', `.migrate-aside-replaced-${id}`];
  const differing = await compareTrees(from, to, { ignore });
  expect(differing.length).toBeGreaterThan(3);
  await step.undo('carry-back');
  expect(readFileSync(join(from, 'new'), 'utf8')).toBe('new');
  expect(execFileSync('getfattr', ['-n', 'user.origin', '--only-values', join(from, 'new')]).toString()).toBe(
    'later',
  );
  expect(execFileSync('getfacl', ['-cn', join(from, 'new')]).toString()).toContain('user:1234:rw-');
  expect(existsSync(join(from, 'with space'))).toBe(false);
  expect(readFileSync(join(from, `.migrate-aside-replaced-${id}`, 'with space'))).toEqual(before);
  expect(readdirSync(to)).toEqual(['lost+found']);
});

test(
  'what is dropped on a disk of its own stays on it, and is no part of the next copy',
  { skip },
  async () => {
    const { from, to, run, step } = await switched();
    await step.undo('drop');
    const aside = `.migrate-aside-dropped-${id}`;
    expect(readdirSync(to).toSorted()).toEqual([aside, 'lost+found']);
    expect(readFileSync(join(to, aside, 'new'), 'utf8')).toBe('new');
    const again = await drive(
      copyTree,
      { from, to, manifest: join(run, 'manifest'), pass: 'final' },
      { run: { folder: run } },
    );
    expect(again.captured).toMatchObject({ target: 'empty' });
    await again.act();
    expect(readFileSync(join(to, aside, 'new'), 'utf8')).toBe('new');
    expect(await again.laterWrites()).toBeUndefined();
    expect(await compareTrees(from, to, { ignore: ['lost+found', aside], withoutRoot: true })).toEqual([]);
  },
);

test('the old tree is found and sampled beneath the mount that covers it', { skip }, async () => {
  const folder = temporaryFolder();
  onTestFinished(() => unmountAll(folder));
  const ssd = disk();
  const [from, to, run] = [join(folder, 'nix'), join(ssd.point, 'main'), temporaryFolder()];
  mkdirSync(from);
  growTree(from, { files: 5 });
  const given = { from, to, manifest: join(run, 'manifest'), pass: 'final' as const };
  const step = await drive(copyTree, given, { run: { folder: run } });
  await step.act();
  execFileSync('mount', ['--bind', to, from]);
  expect(await step.missing()).toEqual([]);
  writeFileSync(join(from, 'new'), 'x');
  expect(await step.laterWrites()).toMatchObject({ added: 1, changed: 0, deleted: 0 });
  await expect(step.undo('carry-back')).rejects.toMatchObject({ code: 'copy.undo-target-in-use' });
  execFileSync('umount', [from]);
  rmSync(from, { recursive: true });
  mkdirSync(from);
  writeFileSync(join(from, 'x'), 'x');
  execFileSync('mount', ['--bind', to, from]);
  // Its number may be given again, and then the sample tells.
  expect((await step.missing()).join()).toMatch(
    /^the old tree: .*(is not the tree that was copied|sampled files are gone)/,
  );
});
