import { linkSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { thisMachine } from '../../../src/host/this-machine.ts';
import { diskUsage } from '../../../src/operations/state-discovery/disk-usage.ts';

const made: string[] = [];
afterEach(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function tree(): string {
  const root = mkdtempSync(join(tmpdir(), 'migrate-usage-'));
  made.push(root);
  for (const name of ['one', 'two', 'a*[b]']) mkdirSync(join(root, name));
  writeFileSync(join(root, 'one', 'file'), Buffer.alloc(100_000, 1));
  return root;
}

test('a file with two names counts once', async () => {
  const root = tree();
  const before = await diskUsage(thisMachine(), root, { without: [] });
  linkSync(join(root, 'one', 'file'), join(root, 'two', 'file'));
  const after = await diskUsage(thisMachine(), root, { without: [] });
  expect(before.folders.get(root)).toBeGreaterThan(100_000);
  expect(after.folders.get(root)).toBe(before.folders.get(root));
});

test('what is left out is left out by its very name, and not as a pattern', async () => {
  const root = tree();
  mkdirSync(join(root, 'axb'));
  const { folders } = await diskUsage(thisMachine(), root, { without: [join(root, 'a*[b]')] });
  expect([...folders.keys()].toSorted()).toEqual([
    root,
    ...['axb', 'one', 'two'].map((name) => join(root, name)),
  ]);
});

test('a folder that is not there is an error with a message', async () => {
  await expect(diskUsage(thisMachine(), '/nowhere/at/all', { without: [] })).rejects.toMatchObject({
    code: 'discovery.no-answer',
  });
});
