import { execFileSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openManifest } from '../../../src/copy/index.ts';
import { newsOfOldCopy } from '../../../src/copy/old-copy.ts';
import { copyTree } from '../../../src/operations/index.ts';
import { drive } from '../../operations/drive.ts';
import { temporaryFolder } from '../../copy/folder.ts';

const files = ['a', 'b', 'sub/c', 'sub/d', 'sub/deep/e'];
type Change = 'none' | 'touch' | 'link' | 'same bytes' | 'append' | 'mode' | 'delete';

/** Whether the new copy would lack something, were the old one deleted. */
const isNews: Readonly<Record<Change, boolean>> = {
  none: false,
  touch: false,
  link: false,
  'same bytes': false,
  append: true,
  mode: true,
  delete: true,
};

function change(file: string, how: Change): void {
  if (how === 'touch') utimesSync(file, 1, 1);
  if (how === 'link') execFileSync('sh', ['-c', 'ln "$1" "$1.x" && rm "$1.x"', 'sh', file]);
  if (how === 'same bytes') writeFileSync(file, file.split('/old/')[1] ?? '');
  if (how === 'append') appendFileSync(file, 'more');
  if (how === 'mode') execFileSync('chmod', ['700', file]);
  if (how === 'delete') rmSync(file);
}

test('what the new copy would lack is named, and nothing else, whatever was done to the old one and carried over', async () => {
  const of = fc.constantFrom(...(Object.keys(isNews) as Change[]));
  const done = fc.record(Object.fromEntries(files.map((file) => [file, fc.tuple(of, fc.boolean())])));
  await fc.assert(
    fc.asyncProperty(done, fc.boolean(), async (changes, made) => {
      const folder = temporaryFolder();
      const [old, copy, manifest] = [join(folder, 'old'), join(folder, 'copy'), join(folder, 'run/manifest')];
      for (const file of files) {
        mkdirSync(dirname(join(old, file)), { recursive: true });
        writeFileSync(join(old, file), file, { mode: 0o644 });
      }
      mkdirSync(join(folder, 'run'));
      const run = { folder: join(folder, 'run') };
      await (await drive(copyTree, { from: old, to: copy, pass: 'final', manifest }, { run })).act();
      for (const [file, [how, carried]] of Object.entries(changes)) {
        change(join(old, file), how);
        if (!carried) continue;
        rmSync(join(copy, file));
        if (how !== 'delete') cpSync(join(old, file), join(copy, file), { preserveTimestamps: true });
      }
      if (made) writeFileSync(join(old, 'sub/made'), '');
      const news = await newsOfOldCopy({
        manifest: openManifest(manifest),
        root: old,
        newCopy: copy,
        asked: () => true,
        begun: false,
      });
      const lost = Object.entries(changes).filter(([, [how, carried]]) => isNews[how] && !carried);
      const written = lost.filter(([, [how]]) => how !== 'delete').map(([file]) => file);
      expect([...news.written].toSorted()).toEqual([...written, ...(made ? ['sub/made'] : [])].toSorted());
      const deleted = lost.filter(([, [how]]) => how === 'delete').map(([file]) => file);
      expect([...news.deleted].toSorted()).toEqual(deleted.toSorted());
      expect(news.neverCopied).toEqual([]);
    }),
    { numRuns: 20 },
  );
});
