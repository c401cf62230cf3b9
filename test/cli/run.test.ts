import { existsSync, readdirSync, readFileSync, writeFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  liveDocument,
  logsDocument,
  planDocument,
  resultDocument,
  rollbackPlanDocument,
  statusDocument,
} from '../../src/render/documents/index.ts';
import { jsonLines, Machine, smallRunbook } from './migrate-process.ts';

// oxlint-disable-next-line no-control-regex
const escape = /\u001b/;

function begin(machine: Machine, ...more: string[]) {
  return machine.run('run', smallRunbook, '--set', `folder=${machine.folder}`, ...more);
}

describe('a run', () => {
  test('goes on to a gate, waits there with exit code 3, and is completed by confirm and resume', async () => {
    const machine = new Machine();
    const run = await begin(machine);
    expect(run).toMatchObject({ code: 3, err: '' });
    expect(run.out).not.toMatch(escape);
    expect(run.out).toMatch(/make: done in \S+$/m);
    expect(run.out).toContain('Turn the key.');
    expect(run.out).toMatch(/migrate confirm small-\d{8}-\w{4} key --set serial=…/);

    expect(await machine.run('confirm', 'small', 'key')).toMatchObject({ code: 2 });
    expect(await machine.run('confirm', 'small', 'key', '--set', 'serail=7')).toMatchObject({
      code: 2,
      err: expect.stringContaining('Did you mean "serial"?'),
    });
    expect(await machine.run('confirm', 'small', 'cleanup')).toMatchObject({ code: 2 });
    expect(await machine.run('confirm', 'small', 'key', '--set', 'serial=0042')).toMatchObject({ code: 0 });

    const stopped = await machine.run('resume', '--yes');
    expect(stopped).toMatchObject({ code: 3, out: expect.stringContaining('--accept-irreversible cleanup') });
    expect(existsSync(join(machine.folder, 'made'))).toBe(true);
    const completed = await machine.run('resume', '--accept-irreversible', 'cleanup');
    expect(completed).toMatchObject({ code: 0, out: expect.stringContaining('completed') });
    expect(existsSync(join(machine.folder, 'made'))).toBe(false);

    expect(await machine.run('resume')).toMatchObject({
      code: 2,
      err: expect.stringContaining('no run is unfinished'),
    });
    expect(await machine.run('rollback', 'small', '--yes')).toMatchObject({
      code: 5,
      out: expect.stringContaining('cannot be undone'),
    });
  });

  test('refuses a second one of the same runbook with exit code 4, and names the way on', async () => {
    const machine = new Machine();
    await begin(machine);
    const second = await begin(machine);
    expect(second).toMatchObject({ code: 4, out: '' });
    expect(second.err).toMatch(
      /the run small-\S+ of small is unfinished\nGo on with it: migrate resume small-/,
    );
  });

  test('keeps two that begin at once apart: one works, the other names its process', async () => {
    const machine = new Machine();
    const args = ['run', smallRunbook, ...machine.slowly];
    const both = [machine.start(args), machine.start(args)];
    // The winner works until the other has seen it.
    await Promise.race(both.map(({ ended: end }) => end));
    machine.letGo();
    const ended = await Promise.all(both.map(({ ended: end }) => end));
    expect(new Set(ended.map(({ code }) => code))).toEqual(new Set([3, 4]));
    const [winner] = both.filter((_, index) => ended[index]?.code === 3);
    const refused = ended.find(({ code }) => code === 4);
    expect(refused?.err).toMatch(new RegExp(`is at work in process ${winner?.child.pid} `));
    expect(readdirSync(join(machine.state, 'runs'))).toHaveLength(1);
  });

  test('refuses another runbook that wants the same folder, and leaves nothing of it', async () => {
    const machine = new Machine();
    await begin(machine);
    const other = machine.file(
      'other.ts',
      readFileSync(smallRunbook, 'utf8').replace("runbook('small'", "runbook('other'"),
    );
    const refused = await machine.run('run', other, '--set', `folder=${machine.folder}/within`);
    expect(refused).toMatchObject({ code: 4, err: expect.stringContaining('the unfinished run small-') });
    expect(readdirSync(join(machine.state, 'runs'))).toHaveLength(1);
  });

  test('that fails exits 1, says why, and is mended and resumed', async () => {
    const machine = new Machine();
    const failed = await begin(machine, '--set', 'fail=true');
    expect(failed).toMatchObject({ code: 1, out: expect.stringContaining('maybe: FAILED') });
    expect(failed.out).toMatch(/migrate resume small-.* or back with migrate rollback small-/);
    const logs = await machine.run('logs', 'small', 'maybe');
    expect(logs.out).toContain('$ test a = b  exit 1');
  });

  test('speaks JSON lines to a program, each by its schema, the result last', async () => {
    const machine = new Machine();
    const run = await begin(machine, '--json');
    const lines = jsonLines(run.out);
    expect(resultDocument.parse(lines.pop())).toMatchObject({
      status: 'waiting',
      exitCode: 3,
      step: 'key',
      done: ['make', 'slow', 'maybe'],
      wayBack: { open: true, until: 'cleanup', past: null, to: ['maybe', 'slow', 'make'] },
    });
    for (const line of lines) expect(liveDocument.safeParse(line).error).toBeUndefined();
    expect(lines.find(({ type }) => type === 'journaled')).toMatchObject({
      type: 'journaled',
      event: { type: 'run.started', seq: 1 },
    });

    const status = statusDocument.parse(JSON.parse((await machine.run('status', '--json')).out));
    expect(status.runs[0]).toMatchObject({
      runbook: 'small',
      status: 'running',
      atWork: null,
      gates: [{ step: 'key', kind: 'manual', says: 'Turn the key.' }],
    });
    const logs = logsDocument.parse(JSON.parse((await machine.run('--json', 'logs', 'small')).out));
    const slow = logs.attempts.find(({ step }) => step === 'slow');
    expect(slow?.commands.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
    expect(slow?.output.map(({ text }) => text).join('')).toContain('red');
  });

  test('tells in plain text what it ran, and lets no output of a command reach the terminal raw', async () => {
    const machine = new Machine();
    const run = await begin(machine, '--verbose');
    expect(run.out).toContain('slow: | red said');
    expect(run.out).not.toMatch(escape);
    const logs = await machine.run('logs', 'small');
    expect(logs.out).toContain('red said');
    expect(logs.out).not.toMatch(escape);
  });

  test('can be told to stop at a step, and to be quiet', async () => {
    const machine = new Machine();
    const run = await begin(machine, '--until', 'slow', '--quiet');
    expect(run.code).toBe(0);
    expect(run.out).toMatch(/^reached "slow"$/m);
    expect(run.out).not.toContain('started');
    expect(await begin(machine, '--until', 'solw')).toMatchObject({
      code: 2,
      err: expect.stringContaining('Did you mean "slow"?'),
    });
  });
});

describe('a plan', () => {
  test('shows the exact commands and what is so already, and changes nothing', async () => {
    const machine = new Machine();
    mkdirSync(join(machine.folder, 'made'));
    const set = ['--set', `folder=${machine.folder}`];
    const plan = planDocument.parse(
      JSON.parse((await machine.run('plan', smallRunbook, ...set, '--json')).out),
    );
    expect(plan.steps[0]).toMatchObject({ id: 'make', standing: 'satisfied' });
    expect(plan.steps[1]).toMatchObject({
      id: 'slow',
      standing: 'to-do',
      does: [`sh -c 'until test -e "$1"; do sleep 0.05; done' sh /`, expect.any(String)],
    });
    expect(plan.pointOfNoReturn).toEqual({ step: 'cleanup', why: 'the made folder is gone' });
    expect(existsSync(machine.state)).toBe(false);
    const dry = await machine.run('run', smallRunbook, ...set, '--dry-run');
    expect(dry).toMatchObject({ code: 0, out: expect.stringContaining('Nothing was changed.') });
    expect(existsSync(machine.state)).toBe(false);
  });

  test('shows what is left of an unfinished run', async () => {
    const machine = new Machine();
    await begin(machine);
    const plan = planDocument.parse(JSON.parse((await machine.run('plan', smallRunbook, '--json')).out));
    expect(plan.run).toMatch(/^small-/);
    expect(plan.steps.map(({ standing }) => standing)).toEqual(['done', 'done', 'done', 'to-do', 'to-do']);
  });
});

describe('a rollback', () => {
  test('shows what it would undo, asks before it begins, and brings everything back', async () => {
    const machine = new Machine();
    await begin(machine);
    const dry = await machine.run('rollback', 'small', '--dry-run', '--json');
    const plan = rollbackPlanDocument.parse(JSON.parse(dry.out));
    expect(plan.afterReboot).toContainEqual({
      id: 'make',
      title: 'make',
      undo: `rm -r -f ${machine.folder}/made`,
    });
    expect(await machine.run('rollback', 'small')).toMatchObject({ code: 3 });
    expect(existsSync(join(machine.folder, 'made'))).toBe(true);
    expect(await machine.run('rollback', 'small', '--yes')).toMatchObject({ code: 0 });
    expect(existsSync(join(machine.folder, 'made'))).toBe(false);
    expect((await machine.run('status', 'small')).out).toContain('rolled back');
    expect(await machine.run('rollback', 'small', '--yes')).toMatchObject({ code: 2 });
    // What it held is free again.
    expect((await begin(machine)).code).toBe(3);
  });

  test('stops at a step when it is told to, from where the run can go on', async () => {
    const machine = new Machine();
    await begin(machine);
    expect(await machine.run('rollback', 'small', '--to', 'mkae')).toMatchObject({ code: 2 });
    expect(await machine.run('rollback', 'small', '--to', 'cleanup')).toMatchObject({ code: 2 });
    expect(await machine.run('rollback', 'small', '--to', 'make', '--yes')).toMatchObject({ code: 0 });
    expect((await machine.run('resume')).code).toBe(3);
  });

  test('works when the runbook is gone, since the undo was recorded', async () => {
    const machine = new Machine();
    const own = machine.file('own.ts', readFileSync(smallRunbook, 'utf8'));
    await machine.run('run', own, '--set', `folder=${machine.folder}`);
    writeFileSync(own, 'this is no runbook any more');
    expect(await machine.run('resume')).toMatchObject({
      code: 2,
      err: expect.stringContaining('cannot be loaded'),
    });
    expect(await machine.run('rollback', 'small', '--yes')).toMatchObject({ code: 0 });
    expect(existsSync(join(machine.folder, 'made'))).toBe(false);
  });
});

describe('a run that nobody wants any more', () => {
  test('is aborted: nothing is undone, what remains is listed, what it held is free', async () => {
    const machine = new Machine();
    await begin(machine);
    expect(await machine.run('abort', 'small')).toMatchObject({
      code: 3,
      err: expect.stringMatching(/nothing was changed\n.*\nAgree: migrate abort small-\S+ --yes\n$/),
    });
    const aborted = await machine.run('abort', 'small', '--yes', '--why', 'by hand instead');
    expect(aborted).toMatchObject({
      code: 0,
      out: expect.stringContaining(`make (done): rm -r -f ${machine.folder}/made`),
    });
    expect(existsSync(join(machine.folder, 'made'))).toBe(true);
    expect((await begin(machine)).code).toBe(3);
  });
});
