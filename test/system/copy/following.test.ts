import {
  closeSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  statSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { copyTree, verifyTree } from '../../../src/operations/index.ts';
import { temporaryFolder } from '../../copy/folder.ts';
import { drive } from '../../operations/drive.ts';
import { disk, needsRoot } from './disk.ts';

const files = 1_200;

/** More files than threads are started for, a third of them with a second name in a folder that comes later. */
async function copied() {
  const [old, ssd] = [disk(), disk()];
  const [from, to, run] = [join(old.point, 'tree'), join(ssd.point, 'tree'), temporaryFolder()];
  const names = join(from, 'names');
  mkdirSync(names, { recursive: true });
  for (let file = 0; file < files; file += 1) {
    const path = join(from, `file-${String(file).padStart(4, '0')}`);
    writeFileSync(path, `${file} `.repeat(2_000));
    utimesSync(path, 1, 1);
    if (file % 3 === 0) linkSync(path, join(names, `name-${file}`));
  }
  const manifest = join(run, 'manifest');
  const context = { run: { folder: run } };
  const copying = await drive(copyTree, { from, to, manifest, pass: 'final' }, context);
  await copying.act();
  return {
    to,
    run,
    undo: () => copying.undo(),
    verifying: async () => (await drive(verifyTree, { target: to, manifest }, context)).act(),
  };
}

/** Another byte under the same size and time. */
function damage(path: string): void {
  const descriptor = openSync(path, 'r+');
  writeSync(descriptor, 'X', 1_000);
  closeSync(descriptor);
  utimesSync(path, 1, 1);
}

test(
  'what the final pass has read back from the disk is not read again, and all of it is accounted for',
  { skip: needsRoot },
  async () => {
    const { verifying } = await copied();
    const evidence = await verifying();
    expect(evidence).toMatchObject({ differences: 0, cache: 'bypassed' });
    expect(evidence.filesRead + evidence.filesReadBefore).toBe(files);
    expect(evidence.filesReadBefore).toBeGreaterThan(files / 2);
    // The next one begins anew.
    expect(await verifying()).toMatchObject({ differences: 0, filesRead: files, filesReadBefore: 0 });
  },
);

test.each(['file-0301', 'file-0300'])(
  'a byte of %s that changed after the final pass had read it back is found',
  { skip: needsRoot },
  async (name) => {
    const { to, verifying } = await copied();
    const before = statSync(join(to, name));
    damage(join(to, name));
    expect(statSync(join(to, name))).toMatchObject({ size: before.size, mtimeMs: before.mtimeMs });
    await expect(verifying()).rejects.toThrow(new RegExp(`content: (names/)?${name}`));
  },
);

test('an undo leaves nothing of what was remembered for the verification', { skip: needsRoot }, async () => {
  const { run, undo } = await copied();
  expect(readdirSync(run)).toContain('manifest.verifying');
  await undo();
  expect(readdirSync(run)).toEqual([]);
});
