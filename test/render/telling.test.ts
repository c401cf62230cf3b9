import { describe, expect, test } from 'vitest';
import { viewOf } from '../../src/render/fold-view.ts';
import { tellingOf } from '../../src/render/telling.ts';
import { emptyView } from '../../src/render/view.ts';
import { samples } from './every-event.ts';
import { eventAt, journalOf, live, node, runStarted, stepCompleted, stepStarted } from './sample-run.ts';

describe('the text of an event', () => {
  test.each(Object.values(samples).map((body) => [body.type, body] as const))(
    'is there for %s, with and without knowing the run',
    (_, body) => {
      const [event] = live(body);
      if (event === undefined) throw new Error('no event');
      for (const view of [emptyView, viewOf(journalOf(samples['run.started']))]) {
        const telling = tellingOf(event, view);
        expect(telling.text).not.toMatch(/undefined|NaN|\[object/);
        expect(telling.text.length).toBeGreaterThan(3);
        expect(telling.step).toBe('step' in body ? body.step : undefined);
      }
    },
  );

  test('asks for the operator whenever something failed, waits or ends', () => {
    const needed = Object.values(samples).filter((body) => {
      const [event] = live(body);
      return event !== undefined && tellingOf(event, emptyView).weight === 'operator';
    });
    expect(needed.map(({ type }) => type)).toEqual(
      expect.arrayContaining([
        'step.failed',
        'undo.failed',
        'gate.entered',
        'rollback.reboot-entered',
        'run.completed',
        'run.interrupted',
      ]),
    );
  });

  test('says how long a step took, once it is known', () => {
    const before = viewOf([eventAt(0, runStarted([node('copy')])), eventAt(10, stepStarted('copy'))]);
    const done = { type: 'journaled', event: eventAt(118, stepCompleted('copy')) } as const;
    expect(tellingOf(done, before).text).toBe('done in 1m 48s, verified');
    expect(tellingOf(done, emptyView).text).toBe('done, verified');
  });

  test('passes on what a check found, and warns unless it passed', () => {
    const before = viewOf(journalOf(runStarted([node('dns', { kind: 'check' })])));
    const found = (verdict: string) =>
      live({ ...stepCompleted('dns'), output: { verdict, observed: '3 of 4 answered' } } as never)[0]!;
    expect(tellingOf(found('PASS'), before)).toMatchObject({
      text: 'PASS: 3 of 4 answered',
      weight: 'normal',
    });
    expect(tellingOf(found('PARTIAL'), before)).toMatchObject({ weight: 'operator', tone: 'warning' });
  });
});
