import { describe, expect, test } from 'vitest';
import type { ResultDocument } from '../../src/render/documents/index.ts';
import { reportText } from '../../src/render/report.ts';
import { styleFor } from '../../src/render/style.ts';

const result: ResultDocument = {
  type: 'result',
  run: 'small-1',
  status: 'failed',
  exitCode: 1,
  step: 'copy',
  message: 'step "copy" failed:\nno space left\u0007',
  hint: 'Free some.\nThen migrate resume small-1',
  done: ['make', 'look'],
  tookMs: 108_000,
  wayBack: { open: true, until: null, after: [], notBefore: null, past: null, to: [] },
};

describe('the report at the end', () => {
  const lines = (change: Partial<ResultDocument> = {}) =>
    reportText({ ...result, ...change }, styleFor(false)).split('\n');

  test('tells what happened, the way on, what was done in which time, and the way back', () => {
    expect(lines()).toEqual([
      'failed: step "copy" failed:',
      String.raw`no space left\x07`,
      'Free some.',
      'Then migrate resume small-1',
      '2 steps in 1m 48s, run small-1',
      'It can be rolled back at any time: migrate rollback small-1',
    ]);
  });

  test('tells no command of a run that is thrown away', () => {
    const checks = [{ id: 'c', title: 'c', verdict: 'FAIL' as const, observed: 'no' }];
    const text = reportText({ ...result, checks, verdict: 'FAIL' }, styleFor(false), false);
    expect(text).toContain('observed  no');
    expect(text).not.toContain('migrate');
  });

  test('does not say the same word twice', () => {
    expect(lines({ status: 'interrupted', message: 'interrupted by SIGINT' })[0]).toBe(
      'interrupted by SIGINT',
    );
  });

  test('lists what an aborted run leaves behind', () => {
    const aborted = lines({ status: 'aborted', message: 'this remains:', remains: ['make: rm -r /x'] });
    expect(aborted).toContain('  make: rm -r /x');
  });

  test('offers no way back from a run that is back', () => {
    expect(lines({ status: 'rolled-back', message: 'undone' }).join()).not.toContain('can be rolled back');
  });
});
