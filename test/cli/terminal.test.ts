import { spawnSync } from 'node:child_process';
import { mkdtempSync, mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';

const migrate = resolve(import.meta.dirname, '../../src/cli/migrate.ts');
const runbook = resolve(import.meta.dirname, 'small-runbook.ts');
// script(1) gives a program a terminal of its own, and prints what the program wrote to it.
const hasScript = spawnSync('script', ['--version']).status === 0;
if (!hasScript) console.warn('script(1) is missing, so nothing is tested on a terminal');

/** What a run writes to a terminal. */
function onTerminal(options: { env?: Record<string, string>; args?: string[]; size?: string } = {}): {
  code: number | null;
  text: string;
} {
  const root = mkdtempSync('/var/tmp/migrate-cli-');
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const folder = join(root, 'work');
  mkdirSync(folder);
  const args = ['run', runbook, '--set', `folder=${folder}`, '--no-input', ...(options.args ?? [])];
  const size = options.size ?? 'cols 80 rows 24';
  const command = `stty ${size} && ${[process.execPath, migrate, ...args].join(' ')}`;
  const { status, stdout } = spawnSync('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    encoding: 'utf8',
    env: {
      PATH: process.env['PATH'],
      LANG: 'C.UTF-8',
      TERM: 'xterm-256color',
      HOME: root,
      MIGRATE_STATE_DIR: join(root, 'state'),
      MIGRATE_CLAIMS_DIR: join(root, 'claims'),
      ...options.env,
    },
  });
  return { code: status, text: stdout };
}

// oxlint-disable-next-line no-control-regex
const colour = /\u001b\[(?:\d+;)*(?:3\d|2|1)m/;
const showCursor = '\u001b[?25h';

describe.skipIf(!hasScript)('on a terminal', () => {
  test('a run shows a live list and leaves its last frame, the result, and a visible cursor', () => {
    const { code, text } = onTerminal();
    expect(code).toBe(3);
    expect(text).toMatch(colour);
    // oxlint-disable-next-line no-control-regex
    const last = text.slice(text.lastIndexOf('✔')).replaceAll(/\u001b\[[?\d;]*[A-Za-z]/g, '');
    expect(last).toMatch(/Prepare {2}3 steps/);
    expect(last).toMatch(/▸ Switch over {2}0 of 2\r?\n {2}‖ key\r?\n {4}Turn the key\.\r?\n {2}◦ cleanup/);
    expect(last).toMatch(/waiting: "key" waits for you/);
    expect(text.lastIndexOf(showCursor)).toBeGreaterThan(text.lastIndexOf('\u001b[?25l'));
    expect(text).not.toContain('make: started');
  });

  test.each([
    ['NO_COLOR is set', { env: { NO_COLOR: '1' } }],
    ['--no-color is given', { args: ['--no-color'] }],
  ])('there is no colour when %s', (_, options) => {
    const { code, text } = onTerminal(options);
    expect(code).toBe(3);
    expect(text).not.toMatch(colour);
    expect(text).toContain('✔ Prepare');
  });

  test('that does not know its size nothing is drawn', () => {
    expect(onTerminal({ size: 'cols 0 rows 0' }).text).toContain('make: started');
  });

  test('that can do nothing, or when told to be verbose, there are lines instead of a list', () => {
    const { text } = onTerminal({ env: { TERM: 'dumb' } });
    expect(text).toContain('make: started');
    // oxlint-disable-next-line no-control-regex
    expect(text).not.toMatch(/\u001b/);
    expect(onTerminal({ args: ['--verbose'] }).text).toContain('red said');
  });
});
