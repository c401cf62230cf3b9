import { expect, test } from 'vitest';
import { exitCodes } from '../../src/errors.ts';
import { readPage } from './pages.ts';

test('docs/exit-codes.md lists every exit code, and no other', () => {
  const rows = [...readPage('docs/exit-codes.md').text.matchAll(/^\| (\d+) \|/gm)].map(([, code]) =>
    Number(code),
  );
  expect(rows).toEqual(Object.values(exitCodes));
});
