import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { wordsFor, wordsOfRun } from '../../src/cli/attach/detach.ts';
import { systemdRuns } from '../../src/host/systemd.ts';
import { jsonLines, Machine, slow, smallRunbook } from './migrate-process.ts';

const set = (machine: Machine) => ['--set', `folder=${machine.folder}`];

describe('attach', () => {
  test('shows a run of another process to its end, with its words and its exit code', async () => {
    const machine = new Machine();
    const run = machine.start(['run', smallRunbook, ...machine.slowly]);
    await run.said(slow);
    const attaching = machine.start(['attach', 'small']);
    await attaching.said('attached to small-');
    machine.letGo();
    const attached = await attaching.ended;
    const ended = await run.ended;
    expect(attached.out).toContain('slow: done');
    // What was shown before is not told again.
    expect(attached.out).not.toContain('make: started');
    expect([attached.code, ended.code]).toEqual([3, 3]);
    const result = ended.out.slice(ended.out.indexOf('waiting:'));
    expect(attached.out.endsWith(result)).toBe(true);
  });

  test('that is broken off leaves the run at work, and says so', async () => {
    const machine = new Machine();
    const run = machine.start(['run', smallRunbook, ...machine.slowly]);
    await run.said(slow);
    const attached = machine.start(['attach', '--json']);
    await attached.said('attached to small-');
    attached.child.kill('SIGINT');
    const left = await attached.ended;
    expect(left).toMatchObject({
      code: 130,
      err: expect.stringContaining('See it again: migrate attach small-'),
    });
    machine.letGo();
    expect((await run.ended).code).toBe(3);
  });

  test('finds the word of a process that has ended, and believes none of an earlier one', async () => {
    const machine = new Machine();
    const ran = await machine.run('run', smallRunbook, ...set(machine));
    const attached = await machine.run('attach', '--json');
    expect(attached.code).toBe(3);
    expect(jsonLines(attached.out)).toMatchObject([{ type: 'result', status: 'waiting', step: 'key' }]);
    expect(ran.code).toBe(3);

    const killed = machine.start(['rollback', 'small', '--yes']);
    await killed.said('undoing');
    killed.child.kill('SIGKILL');
    await killed.ended;
    const none = await machine.run('attach');
    expect(none).toMatchObject({ code: 2, err: expect.stringContaining('no process works on small-') });
    expect(readdirSync(join(machine.state, 'runs'))).toHaveLength(1);
  });
});

describe('while nobody is there', () => {
  test('every unfinished run is gone on with, what needs a person is said, and nothing of a person is taken', async () => {
    const machine = new Machine();
    await machine.run('run', smallRunbook, ...set(machine), '--until', 'slow');
    const resumed = await machine.run('resume', '--unattended', 'boot');
    expect(resumed).toMatchObject({ code: 3, out: expect.stringContaining('"key" waits for you') });
    const looked = await machine.run('resume', '--unattended', 'timer');
    expect(looked).toMatchObject({ code: 0, out: '', err: '' });
    for (const option of [['--yes'], ['--accept-changes'], ['--accept-irreversible', 'cleanup']]) {
      const refused = await machine.run('resume', '--unattended', 'boot', ...option);
      expect(refused).toMatchObject({ code: 2, err: expect.stringContaining('cannot be used with') });
    }
  });
});

describe.skipIf(systemdRuns())('where no systemd runs', () => {
  test.each([
    [['boot', 'enable'], 'After a boot go on by hand: migrate'],
    [['boot', 'disable'], 'After a boot go on by hand: migrate'],
    [['run', smallRunbook, '--set', 'folder=/nowhere', '--detach'], 'within tmux'],
  ])('%j says so and what to do, and nothing is begun', async (args, hint) => {
    const machine = new Machine();
    const refused = await machine.run(...args);
    expect(refused).toMatchObject({ code: 2, out: '' });
    expect(refused.err).toContain('systemd does not run here');
    expect(refused.err).toContain(hint);
    expect(readdirSync(machine.root)).not.toContain('state');
  });
});
if (systemdRuns()) console.log('the refusals without systemd: skipped, since it runs here');

test('a detached call means exactly this run, and is not detached once more', () => {
  expect(wordsFor(['resume', '--wait', 'small', '--detach'], 'small', 'small-1')).toEqual([
    'resume',
    '--wait',
    'small-1',
  ]);
  expect(wordsFor(['resume', '--detach'], undefined, 'small-1')).toEqual(['resume', 'small-1']);
  expect(wordsOfRun('small-1', { jobs: 2, yes: true, until: 'slow' })).toEqual([
    ...['resume', 'small-1', '--jobs', '2', '--yes', '--until', 'slow'],
  ]);
});
