import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { resultDocument, statusDocument } from '../../src/render/documents/index.ts';
import { Machine } from './migrate-process.ts';

const verdicts = resolve(import.meta.dirname, 'verdicts-runbook.ts');
const table = [
  'PASS     no-op: A no-op rebuild changes nothing',
  'PARTIAL  surfaces: A failing health check surfaces (known limitation)',
  '         observed  the work ended with 1, and the restart with 0',
  '         known     the exit code of a restart says nothing of a oneshot unit',
  'FAIL     drift: Drift is healed by a no-op rebuild (known limitation)',
  '         observed  the plain file is still there',
  '         known     only an activation heals it',
  'BLOCKED  stale: A stale drop-in is found',
  '         observed  /etc/systemd/user is mounted read-only',
  '         unblock   run it on a machine whose /etc can be written to',
  'FAIL: 1 PASS, 1 PARTIAL (known), 1 FAIL (known), 1 BLOCKED',
].join('\n');

test('a run of checks ends with the table of their verdicts, which a status shows again; a known FAIL is still a FAIL', async () => {
  const machine = new Machine();
  const ran = await machine.run('run', verdicts, '--set', `folder=${machine.folder}`);
  expect(ran).toMatchObject({ code: 1, err: '' });
  expect(ran.out).toContain(table);
  expect(ran.out).toContain('all else is done, but failed: drift (known limitation)');
  const status = await machine.run('status');
  expect(status.out).toContain(table);
  const json = await machine.run('status', '--json');
  const [run] = statusDocument.parse(JSON.parse(json.out)).runs;
  expect(run?.checks?.map(({ verdict }) => verdict)).toEqual(['PASS', 'PARTIAL', 'FAIL', 'BLOCKED']);

  machine.file('work/healed', '');
  const resumed = await machine.run('resume', '--json');
  const result = resultDocument.parse(JSON.parse(resumed.out.trimEnd().split('\n').at(-1) ?? ''));
  expect(result).toMatchObject({ status: 'completed', exitCode: 0, verdict: 'BLOCKED', done: ['drift'] });
  expect(result.checks?.[2]).toEqual({
    ...{ id: 'drift', title: 'Drift is healed by a no-op rebuild', phase: 'Restarts' },
    ...{ verdict: 'PASS', observed: 'it is back' },
  });
});

test('a second run of checks asks all of them anew, and ends the first, which had asked everything', async () => {
  const machine = new Machine();
  const first = await machine.run('run', verdicts, '--set', `folder=${machine.folder}`);
  const [, id = ''] = /run (verdicts-\d{8}-\w{4})/.exec(first.out) ?? [];
  const second = await machine.run('run', verdicts, '--set', `folder=${machine.folder}`);
  expect(second).toMatchObject({ code: 1 });
  expect(second.out).toContain(`${id} had asked everything, and is ended: this run asks all of it anew`);
  expect(second.out).toContain(table);
  const before = await machine.run('status', id);
  expect(before.out).toContain('aborted');
  expect(before.out).toContain(table);
});
