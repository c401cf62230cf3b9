import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Machine } from './migrate-process.ts';

test('preferences are read, set, and refused when there is no such thing', async () => {
  const machine = new Machine();
  const file = join(machine.root, 'config/migrate/config.json');
  expect(await machine.run('config', 'path')).toMatchObject({ code: 0, out: `${file}\n` });
  expect(await machine.run('config', 'list')).toMatchObject({
    code: 0,
    out: 'color = auto\nnotify = auto\nnotify-when = away\nnotify-token = none\nnotify-headers = \njobs = 1\n',
  });
  expect(await machine.run('config', 'set', 'jobs', '4')).toMatchObject({ code: 0 });
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ jobs: 4 });
  expect(JSON.parse((await machine.run('config', 'get', 'jobs', '--json')).out)).toMatchObject({
    preferences: { jobs: 4 },
  });
  expect(await machine.run('config', 'set', 'jobs', 'many')).toMatchObject({
    code: 2,
    err: expect.stringContaining('allowed: a whole number from 1 to 64'),
  });
  expect(await machine.run('config', 'get', 'jbos')).toMatchObject({
    code: 2,
    err: expect.stringContaining('Did you mean "jobs"?'),
  });
});

test('a damaged file of preferences is named, and nothing but preferences suffers', async () => {
  const machine = new Machine();
  await machine.run('config', 'set', 'color', 'never');
  const file = join(machine.root, 'config/migrate/config.json');
  writeFileSync(file, '{ "color": ');
  expect(await machine.run('status')).toMatchObject({ code: 2, err: expect.stringContaining(file) });
  expect(await machine.run('state', 'path')).toMatchObject({ code: 0 });
  expect(existsSync(machine.state)).toBe(false);
});
