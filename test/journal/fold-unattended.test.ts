import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { EventBody } from '../../src/journal/event.ts';
import { fold } from '../../src/journal/fold.ts';
import { anyEvent, boot, clocks, runStarted } from './any-event.ts';
import { numbered } from './events.ts';

const process = { pid: 1, startTime: '1', bootId: 'b' };
const resumed = (number: number, unattended?: 'boot' | 'timer'): EventBody => ({
  ...{ type: 'run.resumed', process, boot: boot(number), clocks: clocks(1) },
  ...(unattended === undefined ? {} : { unattended }),
});
const begun: EventBody = {
  ...{
    type: 'step.started',
    step: 'a',
    attempt: 1,
    undo: { kind: 'nothing' },
    boot: boot(1),
    clocks: clocks(1),
  },
};
const done: EventBody = { type: 'step.completed', step: 'a', attempt: 1, by: 'act', verified: false };
const unattendedAfter = (...events: EventBody[]) => fold(numbered([runStarted, ...events])).unattended;

describe('boots in vain', () => {
  test('are counted one by one, and a step that only began or failed is no progress', () => {
    const failed: EventBody = {
      type: 'step.failed',
      step: 'a',
      attempt: 1,
      error: { code: 'x', message: 'y' },
    };
    const events = [1, 2, 3].flatMap((number) => [resumed(number, 'boot'), begun, failed]);
    expect(unattendedAfter(...events).vainBoots).toBe(3);
  });

  test('are forgotten when a step is done, or when a soak is seen to be healthy', () => {
    expect(unattendedAfter(resumed(1, 'boot'), resumed(2, 'boot'), done).vainBoots).toBe(0);
    const sampled = (healthy: boolean): EventBody => ({
      ...{ type: 'gate.sampled', step: 'a', healthy, readings: {}, boot: boot(2), clocks: clocks(1) },
    });
    expect(unattendedAfter(resumed(1, 'boot'), sampled(true)).vainBoots).toBe(0);
    expect(unattendedAfter(resumed(1, 'boot'), sampled(false)).vainBoots).toBe(1);
  });

  test('are counted once a boot, and not by the timer', () => {
    expect(unattendedAfter(resumed(1, 'boot'), resumed(1, 'boot'), resumed(1, 'timer')).vainBoots).toBe(1);
  });

  test('that stalled a run stay so, whatever happens, until a person resumes', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 20 }), (events) => {
        const byNobody = events.map((event): EventBody =>
          event.type === 'run.resumed' ? { ...event, unattended: 'boot' } : event,
        );
        const stalled: EventBody[] = [{ type: 'run.stalled', boots: 3 }, ...byNobody];
        expect(unattendedAfter(...stalled).stalled).toBe(true);
        expect(unattendedAfter(...stalled, resumed(9))).toMatchObject({ stalled: false, vainBoots: 0 });
      }),
    );
  });
});
