import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
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
  expect(ran.out).toContain(
    'ended: every step is done, and FAIL is the verdict of drift (known limitation); nothing new failed\n',
  );
  expect((await machine.run('status')).out).toMatch(
    /^No run is unfinished\. See the latest, ended with FAIL .*: migrate status verdicts-\S+\n$/,
  );
  const status = await machine.run('status', 'verdicts');
  expect(status.out).toContain(table);
  expect(status.out).toContain('ended with FAIL; 4 of 4 steps');
  const json = await machine.run('status', 'verdicts', '--json');
  const [run] = statusDocument.parse(JSON.parse(json.out)).runs;
  expect(run).toMatchObject({ status: 'ended', next: [] });
  expect(run?.checks?.map(({ verdict }) => verdict)).toEqual(['PASS', 'PARTIAL', 'FAIL', 'BLOCKED']);

  const [, id = ''] = /run (verdicts-\d{8}-\w{4})/.exec(ran.out) ?? [];
  const resumed = await machine.run('resume', id);
  expect(resumed).toMatchObject({ code: 2 });
  expect(resumed.err).toContain(`Begin anew: migrate run ${verdicts}\n`);
});

test('a run of checks that has ended is run again at once, by the words that it ended with', async () => {
  const machine = new Machine();
  const first = await machine.run('run', verdicts, '--set', `folder=${machine.folder}`);
  const again = /^Run it anew: migrate (.*)$/m.exec(first.out)?.[1] ?? '';
  expect(again).toBe(`run ${verdicts} --set folder=${machine.folder}`);
  machine.file('work/healed', '');
  const second = await machine.run(...again.split(' '), '--json');
  const result = resultDocument.parse(JSON.parse(second.out.trimEnd().split('\n').at(-1) ?? ''));
  expect(result).toMatchObject({ status: 'completed', exitCode: 0, verdict: 'BLOCKED' });
  expect(result.checks?.[2]).toEqual({
    ...{ id: 'drift', title: 'Drift is healed by a no-op rebuild', phase: 'Restarts' },
    ...{ verdict: 'PASS', observed: 'it is back' },
  });
});

test('a run of checks that an earlier version left open is ended by a second, which asks all of them anew', async () => {
  const machine = new Machine();
  const first = await machine.run('run', verdicts, '--set', `folder=${machine.folder}`);
  const [, id = ''] = /run (verdicts-\d{8}-\w{4})/.exec(first.out) ?? [];
  const journal = join(machine.state, 'runs', id, 'journal.jsonl');
  const lines = readFileSync(journal, 'utf8').trimEnd().split('\n');
  expect(lines.pop()).toContain('"type":"run.completed"');
  writeFileSync(journal, `${lines.join('\n')}\n`);
  expect((await machine.run('status')).out).toContain('unfinished');
  const second = await machine.run('run', verdicts, '--set', `folder=${machine.folder}`);
  expect(second).toMatchObject({ code: 1 });
  expect(second.out).toContain(`${id} had asked everything, and is ended: this run asks all of it anew`);
  expect(second.out).toContain(table);
  const before = await machine.run('status', id);
  expect(before.out).toContain('aborted');
  expect(before.out).toContain(table);
});
