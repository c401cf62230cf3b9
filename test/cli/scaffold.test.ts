import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { importedDocument } from '../../src/render/documents/index.ts';
import { Machine } from './migrate-process.ts';

const plan = join(import.meta.dirname, '../scaffold/plan.md');

function withPlan(): Machine {
  const machine = new Machine();
  copyFileSync(plan, join(machine.root, 'plan.md'));
  return machine;
}

describe('migrate import', () => {
  test('writes a runbook that can be shown and planned, and that run refuses while an undo is undecided', async () => {
    const machine = withPlan();
    const made = await machine.run('import', 'plan.md', '--id', 'photos', '--json');
    expect(made).toMatchObject({ code: 0, err: '' });
    const { file, undecided } = importedDocument.parse(JSON.parse(made.out));
    expect(file).toBe(join(machine.root, 'photos.ts'));
    const params = ['--set', 'backupLocation=/mnt/backup', '--set', 'commit=a1b2'];
    expect(await machine.run('show', file)).toMatchObject({ code: 0 });
    expect(await machine.run('plan', file, ...params)).toMatchObject({ code: 0 });
    const refused = await machine.run('run', file, ...params, '--yes');
    expect(refused).toMatchObject({ code: 2, out: '' });
    for (const step of undecided) expect(refused.err).toContain(step);
    expect(refused.err).toContain('Nothing was changed');
    expect((await machine.run('status')).out).toContain('No run is unfinished');
  });

  test('overwrites nothing', async () => {
    const machine = withPlan();
    const file = machine.file('photos.ts', 'mine');
    expect(await machine.run('import', 'plan.md', '--id', 'photos')).toMatchObject({
      code: 2,
      err: expect.stringContaining('is there already'),
    });
    expect(readFileSync(file, 'utf8')).toBe('mine');
  });

  test.each([
    [['nowhere.md'], 'cannot read the plan nowhere.md'],
    [['plan.md', '--id', 'My Plan'], 'is no id'],
    [['binary'], 'is no text'],
    [['plan.md', '--folder', 'plan.md'], 'cannot write to'],
  ])('refuses %j with one clear message, and writes nothing', async (args, message) => {
    const machine = withPlan();
    machine.file('binary', 'a\0b');
    expect(await machine.run('import', ...args)).toMatchObject({
      code: 2,
      out: '',
      err: expect.stringContaining(message),
    });
    expect(existsSync(join(machine.root, 'photos-onto-the-new-disk.ts'))).toBe(false);
  });
});

describe('migrate new', () => {
  test('writes a runbook that can be shown, and its test; a second time nothing', async () => {
    const machine = new Machine();
    const made = await machine.run('new', 'move-it', '--summary', "Move what isn't there");
    expect(made).toMatchObject({ code: 0, err: '' });
    expect(existsSync(join(machine.root, 'move-it.test.ts'))).toBe(true);
    const { out } = await machine.run('show', './move-it.ts');
    expect(out).toContain("Move what isn't there");
    expect(out).toContain('migrate rehearse ./move-it.ts');
    expect(await machine.run('new', 'move-it')).toMatchObject({ code: 2 });
  });
});
