import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { diagnoseFiles } from '../types/diagnostics.ts';
import { chainOf, kindOf } from './chain.ts';
import { allPages, type Page } from './pages.ts';
import { Reader } from './shell.ts';

/** `docs/json.md` writes types, not programs. */
const pages = allPages().filter(({ name }) => name !== 'docs/json.md');

/** Every TypeScript that a page shows, by the name of a file. */
function filesOf(page: Page): [string, string][] {
  const name = page.name.replaceAll(/\W/g, '-');
  const whole = page.blocks.filter((block) => block.language === 'ts' && kindOf(block) === 'file');
  const chain = chainOf(page);
  return [
    ...whole.map(({ line, text }): [string, string] => [`${name}-${line}.ts`, `${text}\n`]),
    ...(chain === undefined ? [] : [[`${name}-pieces.ts`, chain] as [string, string]]),
  ];
}

const files = pages.flatMap(filesOf);
const runbooks = files.filter(([, text]) => text.includes('export default runbook('));

test('the documentation shows runbooks', () => {
  expect(runbooks.length).toBeGreaterThanOrEqual(5);
});

test('every TypeScript in the documentation type-checks', { timeout: 120_000 }, async () => {
  const reader = new Reader();
  const folder = join(reader.folder, 'typescript');
  mkdirSync(folder);
  expect(await diagnoseFiles(folder, files)).toEqual([]);
});

describe.each(runbooks)('the runbook %s', (name, text) => {
  test('loads, and says how each step is undone', () => {
    const reader = new Reader();
    reader.file(name, text);
    const shown = reader.type(`migrate show ./${name} --json`);
    expect(shown).toMatchObject({ exit: 0, err: '' });
    expect(JSON.parse(shown.out)).toMatchObject({ type: 'show' });
  });
});
