import fc from 'fast-check';
import { expect, test } from 'vitest';
import { leftBehind, type ProcessSeen } from '../../src/host/leftovers.ts';

const self = 100;
const process = (pid: number, more: Partial<ProcessSeen> = {}): ProcessSeen => ({
  pid,
  parent: 1,
  session: pid,
  startTime: `${pid}0`,
  marked: false,
  ...more,
});
const init = process(1, { parent: 0 });
const ours = process(self);

test('a recorded command that lives is left behind, with its session and all that it started', () => {
  const found = leftBehind(
    [
      init,
      ours,
      process(200),
      process(201, { parent: 200, session: 200 }),
      // Its parent has ended, and it cleared its environment.
      process(202, { session: 200 }),
      // It made a session of its own.
      process(203, { parent: 202 }),
      process(300),
    ],
    [{ pid: 200, startTime: '2000' }],
    self,
  );
  expect(found).toEqual([200, 201, 202, 203]);
});

test('of a session whose first process has ended, a mark on one tells for all', () => {
  const members = [process(201, { session: 200, marked: true }), process(202, { session: 200 })];
  expect(leftBehind([init, ours, ...members], [{ pid: 200, startTime: '2000' }], self)).toEqual([201, 202]);
  const unmarked = members.map((one) => ({ ...one, marked: false }));
  expect(leftBehind([init, ours, ...unmarked], [{ pid: 200, startTime: '2000' }], self)).toEqual([]);
});

test('neither this process, what it was started from, nor what it started is left behind', () => {
  const family = [
    process(50, { marked: true }),
    process(self, { parent: 50, session: 50, marked: true }),
    process(150, { parent: self, marked: true }),
    process(60, { parent: 50, session: 50 }),
  ];
  const recorded = [50, self, 150].map((pid) => ({ pid, startTime: `${pid}0` }));
  expect(leftBehind([init, ...family], recorded, self)).toEqual([]);
});

test('whatever the machine looks like, a process that neither descends from the run nor is recorded by pid and start time is left alone', () => {
  const pids = Array.from({ length: 12 }, (_, index) => index + 2);
  const machine = fc
    .tuple(
      ...pids.map((pid) =>
        fc.record({
          pid: fc.constant(pid),
          parent: fc.integer({ min: 1, max: pid - 1 }),
          session: fc.constantFrom(pid, ...pids),
          startTime: fc.constantFrom('1', '2', '3'),
          marked: fc.constant(false),
        }),
      ),
    )
    .map((processes): ProcessSeen[] => [init, ...processes]);
  const recorded = fc.array(
    fc.record({ pid: fc.integer({ min: 2, max: 20 }), startTime: fc.constantFrom('4', '5') }),
  );
  fc.assert(
    fc.property(machine, recorded, fc.constantFrom(...pids), (processes, commands, me) => {
      // No start time is the recorded one, so each of these pids has been given to somebody else.
      expect(leftBehind(processes, commands, me)).toEqual([]);
    }),
    { numRuns: 2_000 },
  );
});
