import { expect, test } from 'vitest';
import { fromLine } from '../../src/copy/entry-line.ts';
import { differenceKinds } from '../../src/copy/difference.ts';
import { manifestHeader, manifestTrailer } from '../../src/copy/manifest.ts';
import { rsyncCommand } from '../../src/copy/rsync-command.ts';
import { readPage, sectionOf } from './pages.ts';

const page = readPage('docs/copying.md');

test('the manifest that docs/copying.md shows is one, line by line', () => {
  const lines = page.blocks.find(({ language }) => language === 'json')?.text.split('\n') ?? [];
  expect(manifestHeader.safeParse(JSON.parse(lines[0] ?? '')).error).toBeUndefined();
  expect(manifestTrailer.safeParse(JSON.parse(lines.at(-1) ?? '')).error).toBeUndefined();
  const entries = lines.slice(1, -1).map(fromLine);
  expect(entries.map(({ type }) => type)).toEqual(['folder', 'file', 'symlink']);
});

test('docs/copying.md explains every option that rsync is given', () => {
  const section = sectionOf(page, 'The command');
  const options = rsyncCommand({ from: '/from', to: '/to', pass: 'final', asRoot: true })
    .filter((word) => word.startsWith('-') && word !== '--')
    .map((word) => /^--filter=(.*)$/.exec(word)?.[1] ?? word.split('=')[0]);
  for (const option of options) expect(section).toContain(option);
});

test('docs/copying.md names every kind of difference', () => {
  const section = sectionOf(page, 'The verification');
  for (const kind of differenceKinds) expect(section).toContain(`\`${kind}\``);
});
