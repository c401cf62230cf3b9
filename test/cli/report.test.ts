import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { errorDocument, reportDocument } from '../../src/render/documents/index.ts';
import { Machine } from './migrate-process.ts';

const verdicts = resolve(import.meta.dirname, 'verdicts-runbook.ts');

test('a report goes to standard output or into a file, in the format that its name says, and replaces none unasked', async () => {
  const machine = new Machine();
  await machine.run('run', verdicts, '--set', `folder=${machine.folder}`);
  const markdown = await machine.run('report', 'verdicts');
  expect(markdown).toMatchObject({ code: 0, err: '' });
  expect(markdown.out).toMatch(
    /^# Restarts of a stack, looked at from all sides\n\nDate: \d{4}-\d\d-\d\d {2}\nHost: /,
  );
  expect(markdown.out).toContain('3. Drift is healed by a no-op rebuild `drift`: FAIL (known limitation)');
  expect(markdown.out).toContain(`3. \`test -e ${machine.folder}/healed\``);

  const json = await machine.run('report', 'verdicts', '--json');
  const document = reportDocument.parse(JSON.parse(json.out));
  expect(document).toMatchObject({ runbook: 'verdicts', verdict: 'FAIL', status: 'ended' });
  expect((await machine.run('report', 'verdicts', '--format', 'json')).out).toContain('"type": "report"');

  const page = join(machine.root, 'r.html');
  const before = readdirSync(machine.root).toSorted();
  expect(await machine.run('report', 'verdicts', '--output', page)).toMatchObject({
    code: 0,
    out: '',
    err: '',
  });
  expect(readFileSync(page, 'utf8')).toMatch(/^<!doctype html>/);
  expect(readFileSync(page, 'utf8')).toContain('both said &lt;b&gt;2026&lt;/b&gt;');
  expect(readdirSync(machine.root).toSorted()).toEqual([...before, 'r.html'].toSorted());

  const again = await machine.run('report', 'verdicts', '--output', page, '--format', 'md', '--json');
  expect(again).toMatchObject({ code: 2 });
  expect(errorDocument.parse(JSON.parse(again.out))).toMatchObject({ code: 'report.exists' });
  expect(
    await machine.run('report', 'verdicts', '--output', page, '--format', 'md', '--force'),
  ).toMatchObject({
    code: 0,
  });
  expect(readFileSync(page, 'utf8')).toMatch(/^# Restarts/);
  const nowhere = await machine.run('report', 'verdicts', '--output', join(machine.root, 'no/r.md'));
  expect(nowhere).toMatchObject({ code: 2, err: expect.stringContaining('there is no folder for') });
  expect(existsSync(join(machine.root, 'no'))).toBe(false);
});
