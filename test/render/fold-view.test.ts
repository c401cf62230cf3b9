import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LiveEvent } from '../../src/engine/ports.ts';
import type { EventBody } from '../../src/journal/event.ts';
import { foldView, viewOf } from '../../src/render/fold-view.ts';
import { frameOf } from '../../src/render/frame.ts';
import { styleFor } from '../../src/render/style.ts';
import { emptyView, stepOf, type View } from '../../src/render/view.ts';
import { samples } from './every-event.ts';
import {
  boot,
  commandStarted,
  eventAt,
  gateEntered,
  journalOf,
  live,
  node,
  runStarted,
  stepCompleted,
  stepStarted,
} from './sample-run.ts';

const nodes = [node('make'), node('copy'), node('go', { kind: 'confirm' })];
const resumed = samples['run.resumed'];

function after(...bodies: readonly EventBody[]): View {
  return viewOf(journalOf(runStarted(nodes), ...bodies));
}

function status(view: View, step: string): string | undefined {
  return stepOf(view, step)?.status;
}

describe('the view of a run', () => {
  test('shows a step as running from its start to its checkpoint, and how long that took', () => {
    const running = viewOf([eventAt(0, runStarted(nodes)), eventAt(5, stepStarted('make'))]);
    expect(status(running, 'make')).toBe('running');
    const done = foldView(running, { type: 'journaled', event: eventAt(65, stepCompleted('make')) });
    expect(stepOf(done, 'make')).toMatchObject({ status: 'done', tookMs: 60_000, command: undefined });
  });

  test('calls a start without an end in doubt once another process goes on, and not before', () => {
    expect(status(after(stepStarted('make')), 'make')).toBe('running');
    const view = after(stepStarted('make'), commandStarted('make', 'mkdir', '/x'), resumed);
    expect(stepOf(view, 'make')).toMatchObject({ status: 'in-doubt', command: undefined });
  });

  test('keeps a gate waiting over a resume', () => {
    expect(status(after(gateEntered('go', 'confirm', 'Go?'), resumed), 'go')).toBe('at-gate');
  });

  test('does not bring a finished step back to life by progress that comes late', () => {
    const late: LiveEvent = { type: 'progress', step: 'make', progress: { doing: 'copying', doneBytes: 5 } };
    expect(status(foldView(after(stepStarted('make'), stepCompleted('make')), late), 'make')).toBe('done');
  });

  test('knows nothing of a step that is not in the run', () => {
    const view = after(stepStarted('make'));
    expect(foldView(view, { type: 'line', step: 'other', text: 'x', stream: 'stdout' })).toBe(view);
  });

  test('goes back: a done step is undone, and may begin again', () => {
    const undo = { kind: 'nothing' } as const;
    const back = after(
      stepStarted('make'),
      stepCompleted('make'),
      { type: 'rollback.started', steps: ['make'], reboot: false },
      { type: 'undo.started', step: 'make', undo, boot },
      { type: 'undo.completed', step: 'make', by: 'act' },
    );
    expect(status(back, 'make')).toBe('undone');
    expect(back.stage).toBe('back');
    const again = live(stepStarted('make', 2)).reduce(foldView, back);
    expect(stepOf(again, 'make')).toMatchObject({ status: 'running', attempt: 2 });
  });

  test('keeps what was done when the runbook was edited, also of steps that are gone', () => {
    const view = after(stepStarted('make'), stepCompleted('make'), {
      ...samples['run.changed'],
      nodes: [node('check'), node('copy')],
    });
    expect(view.steps.map((step) => [step.node.id, step.status])).toEqual([
      ['check', 'waiting'],
      ['copy', 'waiting'],
      ['make', 'done'],
    ]);
  });

  test('can be drawn after any events in any order', () => {
    const any = fc.constantFrom<LiveEvent>(
      ...live(...Object.values(samples)),
      { type: 'progress', step: 'copy', progress: { doing: 'copying', doneBytes: 5, totalBytes: 3 } },
      { type: 'line', step: 'go', text: 'x', stream: 'stderr' },
      { type: 'countdown', step: 'copy', countedMs: 5, minMs: 3, opensAt: 'soon', why: 'slept' },
    );
    fc.assert(
      fc.property(fc.array(any, { maxLength: 40 }), (events) => {
        const view = events.reduce(foldView, emptyView);
        const rows = frameOf(view, { now: 0, columns: 80, height: 20, style: styleFor(false) });
        expect(JSON.stringify(rows)).not.toMatch(/undefined|NaN/);
      }),
    );
  });
});
