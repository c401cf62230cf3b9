import { expect, test } from 'vitest';
import { readPage } from '../../docs/pages.ts';
import { Reader } from '../../docs/shell.ts';

// No root is needed, but the minutes of the everyday tests are not for it.
test('the runbook of docs/rehearsal.md is rehearsed as its page says', () => {
  const page = readPage('docs/rehearsal.md');
  const runbook = page.blocks.find(({ text }) => text.includes('export default runbook('));
  const command = page.blocks.find(({ text }) => text.startsWith('migrate rehearse ./move-media.ts'));
  const reader = new Reader();
  reader.file('move-media.ts', `${runbook?.text}\n`);
  const { exit, out, err } = reader.type(command?.text ?? 'false');
  expect({ exit, err }, out).toEqual({ exit: 0, err: '' });
  expect(out).toContain('lives-there: PASS');
  expect(out).toMatch(/rehearsed: move-media\n.*1 crash, 1 reboot/);
});
