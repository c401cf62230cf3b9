import { expect, test } from 'vitest';
import type { JournalEvent } from '../../src/journal/event.ts';
import { workedMs } from '../../src/journal/worked.ts';

const at = (minute: number, type: string, step?: string) =>
  ({
    type,
    at: new Date(minute * 60_000).toISOString(),
    ...(step === undefined ? {} : { step }),
  }) as JournalEvent;
const minutes = (events: readonly JournalEvent[]) => workedMs(events) / 60_000;

test('the time of a run is that of its steps and their undos, without what it waited at gates', () => {
  expect(
    minutes([
      at(0, 'run.started'),
      at(1, 'step.started', 'copy'),
      at(11, 'step.completed', 'copy'),
      at(11, 'gate.entered', 'soak'),
      at(2_000, 'gate.opened', 'soak'),
      at(2_001, 'step.started', 'remove'),
      at(2_003, 'step.failed', 'remove'),
      at(2_010, 'step.started', 'remove'),
      at(2_011, 'step.completed', 'remove'),
      at(3_000, 'undo.started', 'copy'),
      at(3_004, 'undo.completed', 'copy'),
    ]),
  ).toBe(10 + 2 + 1 + 4);
});

test('steps that run side by side count once, and an attempt that nobody saw end for nothing', () => {
  expect(
    minutes([
      at(0, 'step.started', 'one'),
      at(2, 'step.started', 'other'),
      at(5, 'step.completed', 'other'),
      at(8, 'step.completed', 'one'),
      at(9, 'step.started', 'cut-off'),
      at(900, 'step.started', 'cut-off'),
      at(901, 'step.completed', 'cut-off'),
    ]),
  ).toBe(8 + 1);
});
