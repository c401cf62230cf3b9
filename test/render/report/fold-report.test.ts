import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { scanJournal } from '../../../src/journal/read.ts';
import { reportDocument } from '../../../src/render/documents/report.ts';
import { reportHtml } from '../../../src/render/report/html.ts';
import { reportMarkdown } from '../../../src/render/report/markdown.ts';
import { paceOf } from '../../../src/render/report/pace.ts';
import { shownParams } from '../../../src/render/report/scope.ts';
import { allJournals } from '../../journals/places.ts';
import { samples } from '../every-event.ts';
import {
  boot,
  clocks,
  commandEnded,
  commandStarted,
  eventAt,
  gateEntered,
  node,
  runStarted,
  stepCompleted,
  stepStarted,
} from '../sample-run.ts';
import { reportAt, reportFrom } from './hostile.ts';

const stepOf = (report: ReturnType<typeof reportFrom>, id: string) =>
  report.phases.flatMap(({ steps }) => steps).find((step) => step.id === id);

describe('a report of steps', () => {
  test('tells their times, attempts and commands by phase, and what waited apart from what worked', () => {
    const report = reportAt([
      eventAt(
        0,
        runStarted([node('copy', { phase: 'Copy' }), node('go', { kind: 'confirm', phase: 'Switch' })]),
      ),
      eventAt(1, stepStarted('copy')),
      eventAt(2, commandStarted('copy', 'rsync')),
      eventAt(3, commandEnded('copy', 23)),
      eventAt(4, samples['step.failed']),
      eventAt(10, stepStarted('copy', 2)),
      eventAt(15, stepCompleted('copy')),
      eventAt(16, gateEntered('go', 'confirm', 'Switch over?')),
      eventAt(76, samples['gate.opened']),
      eventAt(77, { type: 'run.completed' }),
    ]);
    expect(report).toMatchObject({ status: 'completed', result: 'Complete', tookMs: 77_000 });
    expect(report.phases).toMatchObject([
      {
        title: 'Copy',
        workedMs: 8000,
        steps: [{ outcome: 'done', attempts: 2, commands: 1, workedMs: 8000 }],
      },
      { title: 'Switch', workedMs: 0, steps: [{ outcome: 'done', waitedMs: 60_000 }] },
    ]);
    expect(stepOf(report, 'copy')?.spans.map(({ ended }) => ended)).toEqual(['failed', 'well']);
    expect(report.gates).toMatchObject([{ step: 'go', says: 'Switch over?', openedBy: 'person' }]);
    expect(report.risks).toEqual([]);
    expect(report.history.map(({ text }) => text)).toEqual([expect.stringContaining('FAILED: rsync exited')]);
  });

  test('ends what a killed process was at where it last spoke, and says that no end is known', () => {
    const report = reportAt([
      eventAt(0, runStarted([node('copy')])),
      eventAt(1, stepStarted('copy')),
      eventAt(5, commandStarted('copy', 'rsync')),
      eventAt(100, samples['run.resumed']),
      eventAt(101, samples['step.settled']),
    ]);
    expect(stepOf(report, 'copy')).toMatchObject({
      outcome: 'in-doubt',
      workedMs: 4000,
      note: 'was in doubt, and is partial: half is there',
    });
    expect(report.risks.map(({ text }) => text)).toEqual([
      'it was begun, and nothing says yet that it ended',
      'the run is not over: this is how it stood',
    ]);
  });

  test('sets a soak against what was planned, and bytes and hashes beside the copy that has them', () => {
    const sha256 = 'a'.repeat(64);
    const manifest = { file: '/state/m', sha256, entries: 3, files: 2, bytes: 46 };
    const report = reportAt([
      eventAt(0, runStarted([node('copy'), node('verify'), node('settle', { kind: 'soak' })])),
      eventAt(1, stepStarted('copy')),
      eventAt(2, {
        ...{ type: 'step.completed', step: 'copy', attempt: 1, by: 'act', verified: true },
        output: { transferredFiles: 1, transferredBytes: 40, manifest, device: '8:1', inode: '2' },
      }),
      eventAt(3, stepStarted('verify')),
      eventAt(4, {
        ...{ type: 'step.completed', step: 'verify', attempt: 1, by: 'act', verified: true },
        output: { manifest: sha256, files: 2, bytes: 46 },
      }),
      eventAt(5, {
        type: 'gate.entered',
        step: 'settle',
        kind: 'soak',
        says: 'x',
        min: 86_400_000,
        boot,
        clocks,
      }),
      eventAt(6, { ...samples['gate.sampled'], step: 'settle' }),
    ]);
    expect(report.copies).toEqual([
      { step: 'copy', what: 'copied', bytes: 40, files: 1 },
      { step: 'copy', what: 'holds, by its manifest', bytes: 46, files: 2, manifest: '/state/m', sha256 },
      { step: 'verify', what: 'verified against the manifest', bytes: 46, files: 2, sha256 },
    ]);
    expect(stepOf(report, 'copy')?.bytes).toBe(40);
    expect(stepOf(report, 'settle')).toMatchObject({ outcome: 'waiting', planned: { leastMs: 86_400_000 } });
    expect(report.gates).toMatchObject([{ looks: 1, unhealthy: 1, openedAt: null, openedBy: null }]);
    expect(report.result).toBe('Unfinished: it waits at settle');
  });
});

describe('the residual risks of a report', () => {
  test('hold what a person settled, what was dropped or waived, and what cannot be taken back', () => {
    const report = reportFrom(
      runStarted([node('copy', { irreversible: 'the old copy is gone' })]),
      stepStarted('copy'),
      { type: 'step.settled', step: 'copy', as: 'partial', by: 'person', why: 'I looked' },
      stepStarted('copy', 2),
      stepCompleted('copy'),
      samples['irreversible.accepted'],
      samples['later-writes.decided'],
      samples['undo.needs-waived'],
      samples['journal.repaired'],
      samples['run.changed'],
      { type: 'operator.notified', about: 'it waits', exitCode: 1 },
      { type: 'run.completed' },
    );
    expect(report.risks.map(({ about, text }) => `${about}: ${text}`)).toEqual([
      'copy: it cannot be taken back: the old copy is gone',
      'copy: a person said that it is partial: I looked',
      'copy: what was written to the new side since the cut-over was put aside, and not brought back',
      'copy: it was undone although something was missing: the old copy: it is gone',
      'null: the last line of the journal was torn: 17 bytes were cut off',
      'null: the runbook was edited while the run went on: "go" was removed',
      'null: nobody could be told: it waits',
    ]);
    expect(report.consents).toMatchObject([{ step: 'copy', by: 'phrase', lost: 'the old copy is gone' }]);
  });
});

describe('the report of a journal of any released version', () => {
  test.each(allJournals())('$version $name is made in every format', ({ file }) => {
    const { events } = scanJournal(readFileSync(file));
    const report = reportDocument.parse(reportAt(events));
    expect(reportMarkdown(report)).toContain(`run \`${report.run}\``);
    expect(reportHtml(report)).toContain('</html>');
    expect(report.phases.flatMap(({ steps }) => steps).length).toBeGreaterThan(0);
  });

  test('tells every verdict, the known from the new, and the commands with what they answered', () => {
    const found = allJournals().find(({ name }) => name === 'checks');
    const report = reportAt(scanJournal(readFileSync(found?.file ?? '')).events);
    expect(
      report.checks.map(({ id, verdict, knownLimitation }) => [id, verdict, knownLimitation ?? null]),
    ).toEqual([
      ['sound', 'PASS', null],
      ['half', 'PARTIAL', 'the other half comes with the next release'],
      ['away', 'BLOCKED', null],
      ['drift', 'FAIL', 'only the next activation heals it'],
      ['broken', 'FAIL', null],
      ['after', null, null],
    ]);
    expect(report.verdict).toBe('FAIL');
    expect(report.checks[3]).toMatchObject({
      ...{ expect: 'it heals itself', evidence: { links: 0 } },
      commands: [{ argv: ['false'], exitCode: 1, stderr: 'it went wrong' }],
    });
    expect(report.risks.map(({ about, known }) => [about, known])).toEqual([
      ['away', false],
      ['broken', false],
      ['after', false],
      ['half', true],
      ['drift', true],
    ]);
    expect(report.commands).toEqual([
      { argv: ['look', 'sound'], times: 1 },
      { argv: ['look', 'half'], times: 1 },
      { argv: ['false'], times: 2 },
    ]);
    const markdown = reportMarkdown(report);
    expect(markdown).toMatch(/^# .*\n\nDate: 2026-11-21 {2}\nHost: `machine` {2}\nScope: `golden-checks`/);
    expect(markdown).toContain('4. `drift`: FAIL (known limitation)\n   - Expected: it heals itself\n');
    expect([...markdown.matchAll(/^## (.*)$/gm)].map(([, title]) => title)).toEqual([
      ...['What Was Done', 'Test Outcomes', 'Observed Residual Risks', 'What Ran When'],
      ...['Out of the Ordinary', 'Scope', 'Evidence Commands Used', 'Evidence'],
    ]);
  });
});

describe('figures that a check gives', () => {
  const withEvidence = (evidence: Record<string, unknown>) =>
    reportFrom(runStarted([node('look', { kind: 'check' })]), stepStarted('look'), {
      ...{ type: 'step.completed', step: 'look', attempt: 1, by: 'act', verified: true },
      output: { verdict: 'PASS', observed: 'fine', evidence },
    });

  test('are its planned times, where they are such', () => {
    const planned = (hours: unknown) => stepOf(withEvidence({ hours }), 'look')?.planned;
    expect(planned({ planned: [2, 3], worked: 1 })).toEqual({ leastMs: 7_200_000, mostMs: 10_800_000 });
    for (const other of [undefined, null, 'x', { planned: 3 }, { planned: ['2', 3] }])
      expect(planned(other)).toBeUndefined();
  });

  test('are a chart, where they can be drawn as one', () => {
    const bars = [
      { label: 'before', value: 40, low: 38, high: 44 },
      { label: 'after', value: 20 },
    ];
    const report = withEvidence({ chart: { title: 'Build', unit: 's', bars } });
    expect(report.checks[0]?.chart).toEqual({ title: 'Build', unit: 's', bars });
    expect(reportHtml(report)).toContain('40 s (38 to 44)');
    expect(reportMarkdown(report)).toMatch(
      /before \|#{40}\| 40 s \(38 to 44\)\n +after {2}\|#{20} {20}\| 20 s/,
    );
    for (const chart of [
      'x',
      { title: 'Build', unit: 's', bars: [] },
      { title: 'Build', unit: 's', bars: [{ label: 'x', value: -1 }] },
    ])
      expect(withEvidence({ chart }).checks[0]).not.toHaveProperty('chart');
  });
});

describe('parameters in a report', () => {
  test('show a secret as its reference alone, wherever it stands', () => {
    const secret = { secret: 'env', name: 'PASSWORD' };
    expect(
      shownParams({
        dataset: 'tank/home',
        copy: { jobs: 4, key: secret },
        list: [secret, { key: secret }],
        tags: ['a', 'b'],
      }),
    ).toEqual({
      ...{ dataset: 'tank/home', 'copy.jobs': '4', 'copy.key': 'env:PASSWORD' },
      ...{ list: '["env:PASSWORD",{"key":"env:PASSWORD"}]', tags: 'a, b' },
    });
  });
});

describe('the pace of a copy', () => {
  test('is its rate in pieces of equal length, whose sum is all that was copied', () => {
    const points = [0, 1000, 2000, 4000].map((at, index) => ({ at, bytes: index * 1_000_000 }));
    const pace = paceOf({ step: 'copy', attempt: 1, doing: 'copying', points });
    expect(pace).toMatchObject({ tookMs: 4000, bytes: 3_000_000, meanRate: 750_000, peakRate: 1_000_000 });
    const sum = pace?.rates.reduce((all, { fromMs, toMs, rate }) => all + (rate * (toMs - fromMs)) / 1000, 0);
    expect(Math.abs((sum ?? 0) - 3_000_000)).toBeLessThan(3000);
  });

  test('is left out where nothing was copied or no time passed', () => {
    const one = { at: 0, bytes: 0 };
    for (const points of [[], [one], [one, { at: 1000, bytes: 0 }], [one, { at: 1, bytes: 5 }]])
      expect(paceOf({ step: 'copy', attempt: 1, doing: 'copying', points })).toBeUndefined();
  });
});
