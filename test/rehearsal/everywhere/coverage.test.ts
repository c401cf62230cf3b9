import { describe, expect, it } from 'vitest';
import { parseCase } from '../../../src/rehearsal/everywhere/case.ts';
import { coverageOf, type CaseResult } from '../../../src/rehearsal/everywhere/coverage.ts';
import { crashCoverageText } from '../../../src/render/text/crash-coverage.ts';

const result = (name: string, more: Partial<CaseResult> = {}): CaseResult => ({
  ...{ case: parseCase(name), verdict: 'survived', settled: 'none', why: undefined, differences: [] },
  ...more,
});

const results = [
  result('undo/mid-undo:copy'),
  result('mid-act:copy', { settled: 'probe' }),
  result('mid-act:copy:2', { settled: 'probe' }),
  result('mid-act:blind', { verdict: 'held', settled: 'person' }),
  result('before-intent:copy', {
    verdict: 'failed',
    why: 'its world is another',
    differences: ['/a: appeared'],
  }),
];

describe('the coverage of a sweep', () => {
  it('has a row for each point that was tried, in the order of a run, and counts how doubts were settled', () => {
    expect(
      coverageOf(results).map(({ point, cases, survived, held, failed }) => [
        point,
        cases,
        survived,
        held,
        failed,
      ]),
    ).toEqual([
      ['before-intent', 1, 0, 0, 1],
      ['mid-act', 3, 2, 1, 0],
      ['mid-undo', 1, 1, 0, 0],
    ]);
    expect(coverageOf(results)[1]?.settled).toEqual({ none: 0, probe: 2, idempotent: 0, person: 1 });
  });

  it('is shown as a table, with each failure, what differs, and the command that repeats it alone', () => {
    const points = coverageOf(results).map((row) => ({ ...row, settled: { ...row.settled } }));
    const text = crashCoverageText(
      {
        ...{
          type: 'crash-coverage',
          runbook: 'move',
          seed: 7,
          exitCode: 1,
          noise: 0,
          disks: 'loop',
          tookMs: 9_000,
        },
        ...{ cases: 5, survived: 3, held: 1, unreached: 0, failed: 1, known: 12, points },
        failures: [
          {
            case: 'before-intent:copy',
            why: 'its world is another',
            differences: ['/a: appeared'],
            again: 'migrate rehearse move --crash everywhere --seed 7 --case before-intent:copy',
          },
        ],
      },
      (_, plain) => plain,
    );
    expect(text).toMatchInlineSnapshot(`
      "point          cases  survived  in doubt: probe  idempotent  person  not well
      before-intent  1      0         ·                ·           ·       1 FAILED
      mid-act        3      2         2                ·           1       1 held for a person
      mid-undo       1      1         ·                ·           ·

      1 of 5 crashes were not survived: move
      1 held for a person; 7 more cases were not tried; seed 7; 9s

      before-intent:copy: its world is another
        /a: appeared
        Again: migrate rehearse move --crash everywhere --seed 7 --case before-intent:copy"
    `);
  });
});
