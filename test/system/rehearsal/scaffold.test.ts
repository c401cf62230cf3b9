import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Machine } from '../../cli/migrate-process.ts';

test('what comes of a plan is rehearsed, with stand-ins for its programs', async () => {
  const machine = new Machine();
  copyFileSync(join(import.meta.dirname, '../../scaffold/plan.md'), join(machine.root, 'plan.md'));
  expect(await machine.run('import', 'plan.md', '--id', 'photos')).toMatchObject({ code: 0 });
  const rehearsed = await machine.run('rehearse', './photos.ts');
  expect(rehearsed, rehearsed.out).toMatchObject({ code: 0, err: '' });
  expect(rehearsed.out).toContain('rehearsed: photos');
});

test('a new runbook comes to its end in its world, and survives crashes', async () => {
  const machine = new Machine();
  expect(await machine.run('new', 'move-it')).toMatchObject({ code: 0 });
  const survived = await machine.run(
    ...['rehearse', './move-it.ts', '--crash', 'everywhere', '--points', 'before-checkpoint'],
  );
  expect(survived, survived.out).toMatchObject({ code: 0 });
});
