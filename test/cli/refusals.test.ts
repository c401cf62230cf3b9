import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { errorDocument } from '../../src/render/documents/index.ts';
import { Machine, smallRunbook } from './migrate-process.ts';

const chain = `import { runbook } from 'migrate-runbook';\nexport default runbook('mine', { summary: 's', tools: TOOLS })`;
const step = `.step('one', { readonly: true, commands: ({ sh }) => [sh\`true\`] });\n`;

function mine(machine: Machine, content: string): string {
  return machine.file('mine.ts', content.replace('TOOLS', '[]'));
}

describe('a runbook that cannot be run', () => {
  test.each([
    ['with a syntax error', 'export default {{', 'runbook.broken', /mine\.ts cannot be loaded/],
    ['without a default export', 'export const x = 1;\n', 'runbook.no-default', /has no default export/],
    ['whose default export is none', 'export default 7;\n', 'runbook.not-one', /does not export a runbook/],
    [
      'that needs a step which is not there',
      `${chain}.step('one', { readonly: true, needs: ['zero'], commands: () => [] });\n`,
      'runbook.invalid',
      /needs "zero", and there is no such step/,
    ],
    [
      'that does not say how a step is undone',
      `${chain}.step('one', { commands: () => [] });\n`,
      'runbook.invalid',
      /one/,
    ],
  ])(
    '%s is refused with one message, exit code 2, and nothing changed',
    async (_, content, code, message) => {
      const machine = new Machine();
      const refused = await machine.run('run', mine(machine, content), '--json');
      expect(refused.code).toBe(2);
      const error = errorDocument.parse(JSON.parse(refused.out));
      expect(error.code).toBe(code);
      expect(error.message).toMatch(message);
      expect(existsSync(machine.state)).toBe(false);
    },
  );

  test('under its id, and whose file lies in this folder, is named', async () => {
    const machine = new Machine();
    mine(machine, chain + step);
    expect(await machine.run('run', 'mine')).toMatchObject({
      code: 2,
      err: 'error: there is no runbook "mine".\nDid you mean the file here? ./mine.ts\n',
    });
  });

  test('for want of a program names every one that is missing', async () => {
    const machine = new Machine();
    const file = machine.file(
      'mine.ts',
      (chain + step).replace('TOOLS', "['no-such-tool', 'sh', 'nor-this']"),
    );
    expect(await machine.run('run', file)).toMatchObject({
      code: 2,
      err: expect.stringContaining('not installed: no-such-tool, nor-this'),
    });
    expect(existsSync(machine.state)).toBe(false);
  });

  test('by a name that there is not, or a file, is told from one', async () => {
    const machine = new Machine();
    expect(await machine.run('show', 'smal')).toMatchObject({
      code: 2,
      err: expect.stringContaining('there is no runbook "smal"'),
    });
    expect(await machine.run('show', './nothing.ts')).toMatchObject({
      code: 2,
      err: expect.stringContaining('there is no file'),
    });
  });
});

describe('a run that is not there', () => {
  test('is named with what was probably meant', async () => {
    const machine = new Machine();
    expect(await machine.run('resume')).toMatchObject({
      code: 2,
      err: expect.stringContaining('no run is unfinished'),
    });
    expect(await machine.run('logs', 'small')).toMatchObject({
      code: 2,
      err: expect.stringContaining('no run "small"'),
    });
    await machine.run('run', smallRunbook, '--set', `folder=${machine.folder}`);
    expect(await machine.run('status', 'smal')).toMatchObject({
      code: 2,
      err: expect.stringContaining('Did you mean "small"?'),
    });
  });
});

describe('state that cannot be trusted', () => {
  test('a damaged line within a journal is exit code 6 with its place, and the journal stays as it is', async () => {
    const machine = new Machine();
    await machine.run('run', smallRunbook, '--set', `folder=${machine.folder}`);
    const [run = ''] = readdirSync(join(machine.state, 'runs'));
    const journal = join(machine.state, 'runs', run, 'journal.jsonl');
    const damaged = readFileSync(journal, 'utf8').replace('step.completed', 'step.comqleted');
    writeFileSync(journal, damaged);
    for (const command of [['resume'], ['status', run], ['rollback', 'small', '--yes']]) {
      // oxlint-disable-next-line no-await-in-loop
      expect(await machine.run(...command)).toMatchObject({
        code: 6,
        err: expect.stringMatching(/journal\.jsonl is damaged at line \d+/),
      });
    }
    expect(readFileSync(journal, 'utf8')).toBe(damaged);
  });

  test('a state folder that everybody may write, or that is relative, is refused', async () => {
    const machine = new Machine();
    mkdirSync(machine.state);
    chmodSync(machine.state, 0o777);
    const run = ['run', smallRunbook, '--set', `folder=${machine.folder}`];
    expect(await machine.run(...run)).toMatchObject({
      code: 6,
      err: expect.stringContaining('everybody may write'),
    });
    expect(await machine.run(...run, '--state-dir', 'here')).toMatchObject({ code: 2 });
    expect(readdirSync(machine.state)).toEqual([]);
  });

  test('a state folder within what the run writes is refused, and a better place is named', async () => {
    const machine = new Machine();
    const refused = await machine.run(
      ...['run', smallRunbook, '--set', `folder=${machine.folder}`],
      ...['--state-dir', join(machine.folder, 'state')],
    );
    expect(refused).toMatchObject({ code: 6, err: expect.stringContaining('which this run writes') });
    expect(refused.err).toMatch(/--state-dir \//);
    expect(readdirSync(machine.folder)).toEqual([]);
  });
});

describe('state that is moved', () => {
  test('goes on in its new place, and the old one refuses and names it', async () => {
    const machine = new Machine();
    await machine.run('run', smallRunbook, '--set', `folder=${machine.folder}`);
    const there = join(machine.root, 'there');
    expect(await machine.run('state', 'move', join(machine.state, 'within'))).toMatchObject({ code: 2 });
    expect(await machine.run('state', 'move', there)).toMatchObject({
      code: 0,
      out: expect.stringContaining(there),
    });
    expect(await machine.run('status')).toMatchObject({
      code: 0,
      out: expect.stringContaining('No run is unfinished'),
    });
    const [run = ''] = readdirSync(join(there, 'runs'));
    expect(await machine.run('resume', run)).toMatchObject({ code: 6, err: expect.stringContaining(there) });
    expect(await machine.run('resume', '--state-dir', there)).toMatchObject({ code: 3 });
    expect(await machine.run('--state-dir', there, 'rollback', 'small', '--yes')).toMatchObject({ code: 0 });
    expect(existsSync(join(machine.folder, 'made'))).toBe(false);
  });
});

describe('an edited runbook', () => {
  test('goes on when what is done means the same, else only when told to', async () => {
    const machine = new Machine();
    const content = readFileSync(smallRunbook, 'utf8');
    const own = machine.file('own.ts', content);
    await machine.run('run', own, '--set', `folder=${machine.folder}`);
    writeFileSync(own, content.replace('Turn the key.', 'Turn the key twice.'));
    expect(await machine.run('resume')).toMatchObject({
      code: 3,
      out: expect.stringContaining('edited since the run began'),
    });
    writeFileSync(own, content.replace('sh`mkdir', 'sh`mkdir -p'));
    const refused = await machine.run('resume');
    expect(refused).toMatchObject({
      code: 2,
      err: expect.stringContaining('! "make" has other commands now'),
    });
    expect(await machine.run('resume', '--accept-changes')).toMatchObject({ code: 3 });
  });
});

describe('a step in doubt', () => {
  test('is settled by a person who says how they know', async () => {
    const machine = new Machine();
    const file = mine(
      machine,
      `${chain}.step('odd', { irreversible: 'no way back', commands: ({ sh }) => [sh\`sleep 30\`] });\n`,
    );
    const run = machine.start(['run', file, '--json']);
    await run.ended;
    const resumed = machine.start(['resume', '--accept-irreversible', 'odd']);
    await resumed.said('$ sleep 30');
    resumed.child.kill('SIGKILL');
    await resumed.ended;
    const doubt = await machine.run('resume');
    expect(doubt).toMatchObject({ code: 3, out: expect.stringContaining('migrate settle') });
    expect(await machine.run('settle', 'mine', 'odd', '--done')).toMatchObject({ code: 2 });
    expect(await machine.run('settle', 'mine', 'odd', '--why', 'seen')).toMatchObject({ code: 2 });
    expect(await machine.run('settle', 'mine', 'od', '--done', '--why', 'seen')).toMatchObject({ code: 2 });
    expect(await machine.run('settle', 'mine', 'odd', '--done', '--why', 'seen')).toMatchObject({ code: 0 });
    expect(await machine.run('resume')).toMatchObject({ code: 0 });
  });
});
