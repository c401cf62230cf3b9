import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const page = readFileSync(resolve(root, 'docs/reliability.md'), 'utf8');

test('docs/reliability.md names tests that there are, of the project that runs them', () => {
  const commands = [...page.matchAll(/`([USV]) (test\/[^`]+)`/g)];
  expect(commands.length).toBeGreaterThan(30);
  for (const [, project, words = ''] of commands) {
    for (const path of words.replace(/ -t .*/, '').split(' ')) {
      expect(existsSync(resolve(root, path)), path).toBe(true);
      const [, folder = ''] = path.split('/');
      const runBy = folder === 'system' ? 'S' : folder === 'vm' ? 'V' : 'U';
      expect(runBy, path).toBe(project);
    }
  }
});

test('every row of docs/reliability.md says how, how often and with what', () => {
  const rows = page.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| promise'));
  for (const row of rows) {
    const cells = row.split(' | ');
    expect(cells, row).toHaveLength(4);
    expect(cells[3], row).toMatch(/`[USV] test\/|`migrate |`npm /);
  }
});
