import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';

const script = resolve(import.meta.dirname, '../../migrate');

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'migrate-clone-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

function call(file: string, args: readonly string[], cwd: string) {
  const PATH = `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`;
  const { status, stdout, stderr } = spawnSync(file, args, { cwd, env: { ...process.env, PATH } });
  return { exit: status, stdout: stdout.toString(), stderr: stderr.toString() };
}

test('a clone has migrate at its root, which works from any folder and through a link', () => {
  const folder = temporaryFolder();
  symlinkSync(script, join(folder, 'linked'));
  const { version } = JSON.parse(readFileSync(join(dirname(script), 'package.json'), 'utf8')) as {
    version: string;
  };
  expect(call(join(folder, 'linked'), ['--version'], folder)).toEqual({
    exit: 0,
    stdout: `${version}\n`,
    stderr: '',
  });
});

test('a clone in which nothing is set up says what to run first', () => {
  const folder = temporaryFolder();
  copyFileSync(script, join(folder, 'migrate'));
  const { exit, stderr } = call(join(folder, 'migrate'), ['list'], folder);
  expect(exit).toBe(2);
  expect(stderr).toContain(`cd ${folder} && npm run rehearse`);
});
