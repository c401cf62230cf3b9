import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';

const script = resolve(import.meta.dirname, '../../setup/tally.mjs');

/** What the tally says of stages with these exit codes and numbers of tests. */
function tally(
  stages: Record<string, { exit: number; passed?: number; failed?: number; unloaded?: number }>,
): {
  exit: number | null;
  lastLine: string | undefined;
} {
  const folder = mkdtempSync(join(tmpdir(), 'migrate-tally-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, { exit, passed, failed = 0, unloaded = 0 }] of Object.entries(stages)) {
    writeFileSync(join(folder, `${name}.exit`), `${exit}\n`);
    if (passed === undefined) continue;
    const results = {
      numPassedTests: passed,
      numFailedTests: failed,
      numPendingTests: 0,
      testResults: Array.from({ length: unloaded }, () => ({ status: 'failed', assertionResults: [] })),
    };
    writeFileSync(join(folder, `${name}.json`), JSON.stringify(results));
  }
  const { status, stdout } = spawnSync(process.execPath, [script, folder], { encoding: 'utf8' });
  return { exit: status, lastLine: stdout.trimEnd().split('\n').at(-1) };
}

describe('the last line of .ci/run', () => {
  test('adds up the tests of all stages', () => {
    expect(
      tally({ tests: { exit: 0, passed: 40 }, checks: { exit: 0 }, system: { exit: 0, passed: 2 } }),
    ).toEqual({
      exit: 0,
      lastLine: '42 passed, 0 failed',
    });
  });

  test('counts failed tests, and files that could not be loaded', () => {
    expect(tally({ tests: { exit: 1, passed: 40, failed: 2, unloaded: 1 } })).toEqual({
      exit: 1,
      lastLine: '40 passed, 3 failed',
    });
  });

  test('counts a failed check, and a stage that ended before its tests did', () => {
    expect(tally({ tests: { exit: 0, passed: 40 }, checks: { exit: 1 }, system: { exit: 124 } })).toEqual({
      exit: 1,
      lastLine: '40 passed, 2 failed',
    });
  });

  test('counts a stage that failed although all of its tests passed', () => {
    expect(tally({ tests: { exit: 1, passed: 40 } })).toEqual({ exit: 1, lastLine: '40 passed, 1 failed' });
  });

  test('is no success when nothing was tested', () => {
    expect(tally({ checks: { exit: 0 } }).exit).toBe(1);
  });
});
