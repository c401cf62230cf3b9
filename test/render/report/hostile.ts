import fc from 'fast-check';
import type { EventBody, JournalEvent } from '../../../src/journal/event.ts';
import { fold } from '../../../src/journal/fold.ts';
import type { ReportDocument } from '../../../src/render/documents/report.ts';
import { reportOf } from '../../../src/render/report/fold-report.ts';
import { journalOf, boot, clocks, node, runStarted } from '../sample-run.ts';

/** The report of events, a second apart. */
export function reportFrom(...bodies: readonly EventBody[]): ReportDocument {
  return reportAt(journalOf(...bodies));
}

export function reportAt(events: readonly JournalEvent[]): ReportDocument {
  return reportOf({
    events,
    state: fold(events),
    workedMs: 0,
    paces: [],
    madeAt: '2026-11-22T00:00:00.000Z',
  });
}

/** What file names and programs may hold, and what would be a mark in either format. */
export const hostileText = fc.oneof(
  fc.constantFrom(
    ...['<script>alert(1)</script>', '<img src=x onerror=alert(1)>', '"><svg/onload=x>', "' onclick='x"],
    ...[
      '&lt;b&gt;',
      '</pre></style><b>',
      '--></title><b>',
      '[a](javascript:x)',
      '![a](http://x/y.png)',
      '```\n# x',
    ],
    ...[
      '`a`b``',
      '# heading',
      '- item',
      '1. item',
      '| a | b |',
      '<http://a.b>',
      'www.example.com',
      'a\nb\r\nc',
    ],
    ...[
      '\u001b[31mred\u0007',
      '\u202etxt.exe',
      '\u2028',
      '\ud800',
      '',
      ' ',
      '\\',
      '___',
      '*a*',
      '$x$',
      '~~a~~',
    ],
  ),
  // No schema keeps this name of a property, and no journal holds it.
  fc.string({ unit: 'binary', maxLength: 30 }).filter((text) => text !== '__proto__'),
);

/** A report with a text of its own in every place that takes one. */
export function reportOfTexts(text: () => string): ReportDocument {
  const evidence = {
    commands: [
      { argv: [text(), text()], exitCode: 1, ms: 1, stdout: text(), stderr: text(), cutChars: 3 },
      { argv: [text()], exitCode: null, ms: 1, stdout: '', stderr: '', error: text() },
    ],
    omitted: 2,
  };
  const check = (id: string) =>
    node(id, { kind: 'check', title: text(), phase: text(), reversal: 'readonly' });
  const begin = (step: string): EventBody => ({
    ...{
      type: 'step.started',
      step,
      attempt: 1,
      describe: [text()],
      undo: { kind: 'nothing' },
      boot,
      clocks,
    },
  });
  const events: EventBody[] = [
    {
      ...runStarted([
        node('copy', { title: text(), phase: text(), irreversible: text() }),
        node('go', { kind: 'manual', title: text() }),
        check('good'),
        check('bad'),
        check('away'),
      ]),
      ...{ host: text(), summary: text(), params: { [text()]: text(), list: [text()] } },
      ...{ tools: { [text()]: text() }, source: { file: text(), files: { [text()]: text() } } },
      claims: [{ kind: 'path', path: text(), role: 'source' }],
    },
    begin('copy'),
    {
      type: 'step.tried',
      step: 'copy',
      attempt: 1,
      try: 1,
      error: { code: 'x', message: text() },
      nextInMs: 5,
    },
    {
      ...{ type: 'step.completed', step: 'copy', attempt: 1, by: 'person', why: text(), verified: true },
      output: {
        ...{ transferredFiles: 1, transferredBytes: 2 },
        manifest: { file: text(), sha256: text(), entries: 1, files: 1, bytes: 2 },
      },
    },
    { type: 'irreversible.accepted', step: 'copy', by: 'phrase' },
    { type: 'gate.entered', step: 'go', kind: 'manual', says: text(), boot, clocks },
    { type: 'gate.opened', step: 'go', by: 'person', input: { serial: text() }, boot, clocks },
    begin('good'),
    {
      ...{ type: 'step.completed', step: 'good', attempt: 1, by: 'act', verified: true, evidence },
      ...{ knownLimitation: text() },
      output: {
        ...{ verdict: 'PARTIAL', observed: text() },
        evidence: {
          [text()]: text(),
          chart: { title: text(), unit: text(), bars: [{ label: text(), value: 3, low: 2, high: 4 }] },
        },
      },
    },
    begin('bad'),
    {
      ...{ type: 'step.failed', step: 'bad', attempt: 1, error: { code: 'check.failed', message: text() } },
      ...{ finding: { verdict: 'FAIL', observed: text() }, evidence },
    },
    begin('away'),
    {
      ...{ type: 'step.completed', step: 'away', attempt: 1, by: 'act', verified: true },
      output: { verdict: 'BLOCKED', observed: text(), unblock: text() },
    },
    { type: 'undo.needs-waived', step: 'copy', missing: [text()] },
    { type: 'run.changed', nodes: [], fingerprint: 'g', changes: [text()] },
    { type: 'run.aborted', why: text(), remains: [text()] },
  ];
  const journal = journalOf(...events);
  const pace = {
    step: text(),
    attempt: 2,
    doing: text(),
    points: [0, 500, 900].map((at) => ({ at, bytes: at * 1e6 })),
  };
  return reportOf({
    ...{ events: journal, state: fold(journal), workedMs: 1, paces: [pace] },
    madeAt: '2026-11-22T00:00:00.000Z',
  });
}
