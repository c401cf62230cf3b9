import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { EventBody, RecordedNode } from '../../src/journal/event.ts';
import { foldView, viewOf } from '../../src/render/fold-view.ts';
import { frameOf } from '../../src/render/frame.ts';
import type { Row } from '../../src/render/row.ts';
import { styleFor } from '../../src/render/style.ts';
import { windowOf } from '../../src/render/window.ts';
import {
  boot,
  clocks,
  commandStarted,
  gateEntered,
  journalOf,
  node,
  runStarted,
  stepCompleted,
  stepStarted,
} from './sample-run.ts';

const noon = Date.parse('2026-11-21T12:00:00Z');
const options = { now: noon, columns: 80, height: 20, style: styleFor(false) };

function rowsOf(nodes: RecordedNode[], bodies: EventBody[], change = {}): readonly Row[] {
  return frameOf(viewOf(journalOf(runStarted(nodes), ...bodies)), { ...options, ...change });
}

function text(rows: readonly Row[], depth = 0): string {
  return rows
    .map((row) => `${'  '.repeat(depth)}${row.state} ${row.lines.join(' / ')}\n${text(row.rows, depth + 1)}`)
    .join('');
}

const phased = [
  node('check', { phase: 'Prepare' }),
  node('backup', { phase: 'Prepare' }),
  node('copy', { phase: 'Copy', title: 'Copy the store' }),
  node('go', { phase: 'Copy', kind: 'confirm' }),
  node('cleanup', { phase: 'End' }),
];
const prepared = [
  stepStarted('check'),
  stepCompleted('check'),
  stepStarted('backup'),
  stepCompleted('backup'),
];

describe('a frame of the list', () => {
  test('opens the phase in which something happens and sums up the others', () => {
    const shown = text(rowsOf(phased, [...prepared, stepStarted('copy')]));
    expect(shown).toContain('done Prepare  2 steps · 2s');
    expect(shown).toContain('running Copy  0 of 2\n  running Copy the store');
    expect(shown).toContain('waiting End  1 step');
    expect(shown).not.toContain('backup');
  });

  test('shows the running command with its progress, cut to the width of the terminal', () => {
    const long = ['rsync', ...Array.from({ length: 40 }, (_, index) => `--option-${index}`)];
    const view = foldView(
      viewOf(
        journalOf(runStarted(phased), ...prepared, stepStarted('copy'), commandStarted('copy', ...long)),
      ),
      {
        type: 'progress',
        step: 'copy',
        progress: { doing: 'copying', doneBytes: 12.3e9, totalBytes: 46e9, rate: 310e6, etaMs: 108_000 },
      },
    );
    const lines = frameOf(view, options).flatMap((row) => row.rows.flatMap((step) => step.lines));
    expect(lines).toContain('copying 12.3 GB of 46.0 GB · 26% · 310 MB/s · 1m 48s left');
    expect(lines.find((line) => line.startsWith('$ rsync'))).toMatch(/…$/);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(76);
  });

  test('lets an open gate say what to do', () => {
    const rows = rowsOf(phased, [...prepared, gateEntered('go', 'manual', 'Turn the key.\nThen wait.')]);
    expect(text(rows)).toContain('at-gate go / Turn the key. / Then wait.');
  });

  test('shows how much of a soak is over, and when it opens', () => {
    const soak: EventBody = {
      type: 'gate.entered',
      step: 'go',
      kind: 'soak',
      says: 'healthy',
      min: 3_600_000,
      boot,
      clocks,
    };
    const view = foldView(viewOf(journalOf(runStarted(phased), ...prepared, soak)), {
      type: 'countdown',
      step: 'go',
      countedMs: 60_000,
      minMs: 3_600_000,
      opensAt: '2026-11-21T12:59:00Z',
      why: 'the machine slept',
      readings: { web: true, disk: 'too full' },
      nextLookAt: '2026-11-21T12:10:00.000Z',
      notCounted: [{ until: '2026-11-21T11:59:00.000Z', ms: 300_000, why: 'the machine slept' }],
    });
    const shown = text(frameOf(view, options));
    expect(shown).toContain('observed healthy 1m of 1h');
    expect(shown).toContain('(in 59m) at the earliest');
    expect(shown).toContain('web: healthy');
    expect(shown).toContain('disk: too full');
    expect(shown).toMatch(/looks again .* \(in 10m\)/);
    expect(shown).toContain('5m up to 2026-11-21T11:59:00Z did not count: the machine slept');
  });

  test('keeps a failure with its cause and the way out in sight', () => {
    const error = { code: 'x', message: 'no space left', hint: 'Free some.' };
    const failed: EventBody = { type: 'step.failed', step: 'copy', attempt: 1, error };
    const shown = text(rowsOf(phased, [...prepared, stepStarted('copy'), failed]));
    expect(shown).toContain('failed Copy');
    expect(shown).toContain('failed copy'.replace('copy', 'Copy the store'));
    expect(shown).toContain('no space left / Free some.');
  });

  test('opens a phase that is being undone and folds up what is undone', () => {
    const undo = { kind: 'nothing' } as const;
    const back: EventBody[] = [
      ...prepared,
      { type: 'rollback.started', steps: ['backup', 'check'], reboot: false },
      { type: 'undo.started', step: 'backup', undo, boot },
    ];
    expect(text(rowsOf(phased, back))).toContain(
      'undoing Prepare  1 of 2\n  done check  1s\n  undoing backup',
    );
    const undone: EventBody[] = [
      ...back,
      { type: 'undo.completed', step: 'backup', by: 'act' },
      { type: 'undo.completed', step: 'check', by: 'nothing-to-undo' },
    ];
    expect(text(rowsOf(phased, undone))).toMatch(/^undone Prepare {2}2 steps/);
  });

  test('draws foreign names without letting them draw', () => {
    const shown = text(
      rowsOf([node('copy', { title: '\u001b[2Jcopy', phase: 'A\u0007' })], [stepStarted('copy')]),
    );
    // oxlint-disable-next-line no-control-regex
    expect(shown).not.toMatch(/[\u001b\u0007]/);
  });
});

describe('the window on many steps', () => {
  const states = ['waiting', 'running', 'done', 'failed', 'skipped', 'at-gate'] as const;
  const anyRows = fc
    .array(fc.record({ state: fc.constantFrom(...states), height: fc.integer({ min: 1, max: 4 }) }), {
      maxLength: 60,
    })
    .map((all): Row[] =>
      all.map(({ state, height }, index) => ({
        key: String(index),
        state,
        lines: Array.from({ length: height }, (_, line) => `${index}.${line}`),
        rows: [],
      })),
    );

  test('always shows what happens and what went wrong, in order', () => {
    fc.assert(
      fc.property(anyRows, fc.integer({ min: 3, max: 40 }), (rows, height) => {
        const shown = windowOf(rows, height).map((row) => row.key);
        for (const row of rows) {
          if (['running', 'failed', 'at-gate'].includes(row.state)) expect(shown).toContain(row.key);
        }
        const indices = shown.filter((key) => /^\d+$/.test(key)).map(Number);
        expect(indices).toEqual(indices.toSorted((one, other) => one - other));
      }),
    );
  });

  test('fits the height, with one thing happening', () => {
    fc.assert(
      fc.property(anyRows, fc.integer({ min: 7, max: 40 }), (all, height) => {
        const rows = all.map((row, index) => ({
          ...row,
          state: index === 3 ? ('running' as const) : ('done' as const),
        }));
        const lines = windowOf(rows, height).reduce((sum, row) => sum + row.lines.length, 0);
        expect(lines).toBeLessThanOrEqual(height);
      }),
    );
  });

  test('counts what it leaves out', () => {
    const nodes = Array.from({ length: 50 }, (_, index) => node(`step-${index}`));
    const done = nodes.slice(0, 30).flatMap(({ id }) => [stepStarted(id), stepCompleted(id)]);
    const rows = rowsOf(nodes, [...done, stepStarted('step-30')], { height: 12 });
    const hidden = rows.flatMap((row) => /^(\d+) more/.exec(row.lines[0] ?? '')?.[1] ?? []).map(Number);
    const shown = rows.filter((row) => row.key.startsWith('step:')).length;
    expect(hidden.reduce((sum, count) => sum + count, 0) + shown).toBe(50);
    expect(text(rows)).toContain('more done');
    expect(text(rows)).toContain('more to come');
  });
});
