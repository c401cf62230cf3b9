import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { eventsOf, runsOf } from './journal-facts.ts';
import { program } from './migrate.ts';
import { newPlace } from './place.ts';
import { hasStack } from './refusal.ts';
import { letGo, runWaits } from './waits.ts';

test.each([
  ['lies on a full disk', '>/dev/full'],
  ['is a pipe that nobody reads', '| true'],
  ['was closed', '>&- 2>&-'],
])('a run whose output %s comes to its end all the same', { timeout: 120_000 }, async (_, where) => {
  const place = newPlace();
  letGo(place);
  const { stderr } = spawnSync(
    'sh',
    ['-c', `"$@" --verbose ${where}`, 'sh', process.execPath, program, ...runWaits(place.world)],
    {
      cwd: place.folder,
      env: { ...place.env, MIGRATE_STATE_DIR: place.state },
      encoding: 'utf8',
    },
  );
  expect(hasStack(stderr), stderr).toBe(false);
  expect(stderr === '' || stderr.startsWith('warning: what follows cannot be told here: ENOSPC')).toBe(true);
  expect(existsSync(join(place.world, 'after'))).toBe(true);
  expect((await eventsOf(place, runsOf(place)[0] ?? '')).at(-1)).toMatchObject({ type: 'run.completed' });
});
