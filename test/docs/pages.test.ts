import { expect, test } from 'vitest';
import { allPages, parsePage, readPage } from './pages.ts';

test('README leads to every page', () => {
  const linked = readPage('README.md').links.map(({ target }) => target.split('#')[0]);
  const pages = allPages().map(({ name }) => name);
  expect(pages.filter((name) => name !== 'README.md' && !linked.includes(name))).toEqual([]);
});

test('what looks like a link in code is none, and a block without an end is noticed', () => {
  expect(parsePage('x', 'see `[a](b)` and [c](d.md#e)').links).toEqual([{ target: 'd.md#e', line: 1 }]);
  expect(() => parsePage('x', '```ts\nconst a = 1;')).toThrow(/line 2 is never closed/);
});
