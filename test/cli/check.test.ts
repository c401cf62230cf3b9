import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkDocument, errorDocument } from '../../src/render/documents/index.ts';
import { Machine, smallRunbook } from './migrate-process.ts';

const acceptance = resolve(import.meta.dirname, 'check-runbook.ts');

function check(machine: Machine, ...more: string[]) {
  const set = more.flatMap((each) => ['--set', each]);
  return machine.run('check', acceptance, '--set', `folder=${machine.folder}`, ...set);
}

describe('migrate check', () => {
  test('runs the checks and nothing else, and leaves no run, no claim and no temp folder behind', async () => {
    const machine = new Machine();
    const checked = await check(machine);
    expect(checked).toMatchObject({ code: 0, err: '' });
    expect(checked.out).toContain(
      'PASS     first: The first of them\n         expected  what the parameter says',
    );
    expect(checked.out).toContain('observed  red\n');
    expect(checked.out).toContain('skipped  made');
    expect(checked.out).toContain('PASS: 2 PASS, 1 skipped. Nothing was changed.');
    expect(existsSync(join(machine.folder, 'made'))).toBe(false);
    expect(existsSync(machine.state)).toBe(false);
    expect(existsSync(join(machine.root, 'claims'))).toBe(false);
    const [, scratch = ''] = /observed  it said PASS in (\/\S+)\n/.exec(checked.out) ?? [];
    expect(scratch).toContain('migrate-check-');
    expect(existsSync(scratch)).toBe(false);
  });

  test.each([
    ['PARTIAL', 'PASS', 7, 'PARTIAL'],
    ['BLOCKED', 'FAIL', 1, 'FAIL'],
  ])('of %s and %s exits with %d, and goes on after either', async (first, second, code, verdict) => {
    const machine = new Machine();
    const set = [`first=${first}`, `second=${second}`].flatMap((each) => ['--set', each]);
    const checked = await machine.run(
      ...['check', acceptance, '--json', '--set', `folder=${machine.folder}`, ...set],
    );
    expect(checked).toMatchObject({ code, err: '' });
    const document = checkDocument.parse(JSON.parse(checked.out));
    expect(document).toMatchObject({
      runbook: 'acceptance',
      run: null,
      verdict,
      checks: [
        {
          ...{ id: 'first', phase: 'Service', verdict: first, evidence: { answered: 200 } },
          commands: [{ argv: ['printf', '\u001b[31mred'], exitCode: 0, stdout: '\u001b[31mred' }],
        },
        { id: 'second', verdict: second, observed: expect.stringContaining(`it said ${first}`) },
        { id: 'made', verdict: null, observed: null },
      ],
    });
  });

  test('calls a check BLOCKED that needs what nobody has given yet, and asks it with the outputs of an unfinished run', async () => {
    const machine = new Machine();
    const before = await check(machine, 'ahead=true');
    expect(before).toMatchObject({ code: 8 });
    expect(before.out).toContain('it needs what "make" gives, and no unfinished run has come so far');
    await machine.run('run', acceptance, '--set', `folder=${machine.folder}`, '--set', 'ahead=true');
    const during = await machine.run('check', acceptance);
    expect(during).toMatchObject({ code: 0 });
    expect(during.out).toMatch(/as in the run acceptance-\d{8}-\w{4}\n/);
    expect(during.out).toContain(`observed  ${machine.folder}/made`);
  });

  test('asks the health checks of a runbook alone, as in its latest run that was completed', async () => {
    const machine = new Machine();
    const healthy = resolve(import.meta.dirname, 'health-runbook.ts');
    await machine.run('run', healthy, '--set', `folder=${machine.folder}`);
    const after = await machine.run('check', healthy);
    expect(after).toMatchObject({ code: 0 });
    expect(after.out).toMatch(/as in the run healthy-\d{8}-\w{4}\n/);
    expect(after.out).toContain('PASS: 1 PASS, 1 skipped.');
    expect(after.out).not.toContain('preflight');
    await machine.run('rollback', 'healthy', '--yes');
    const gone = await machine.run('check', healthy);
    expect(gone).toMatchObject({ code: 1, out: expect.stringContaining('observed  /nowhere\n') });
  });

  test('refuses a runbook without checks', async () => {
    const machine = new Machine();
    const checked = await machine.run('check', smallRunbook, '--json', '--set', `folder=${machine.folder}`);
    expect(checked).toMatchObject({ code: 2, err: '' });
    expect(errorDocument.parse(JSON.parse(checked.out))).toMatchObject({
      code: 'check.none',
      message: 'small has no checks, only steps that act or wait',
    });
  });

  test('ends what a check runs when it is interrupted, and exits with 130', async () => {
    const machine = new Machine();
    const slow = machine.file(
      'slow.ts',
      `import { runbook } from 'migrate-runbook';
export default runbook('slow', { summary: 'Takes its time' })
  .check('long', { expect: 'x', run: async ({ host }) => {
    await host.exec({ argv: ['sh', '-c', 'touch "$HOME/begun"; sleep 300'] });
    return { verdict: 'PASS', observed: 'y' };
  } });
`,
    );
    const { child, ended } = machine.start(['check', slow]);
    while (!existsSync(join(machine.root, 'begun'))) await new Promise((next) => setTimeout(next, 20));
    child.kill('SIGTERM');
    const { code, err } = await ended;
    expect(code).toBe(130);
    expect(err).toContain('interrupted by SIGTERM before every check had answered');
  });
});
