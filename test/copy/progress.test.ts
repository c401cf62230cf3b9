import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ProgressReport, type CopyProgress } from '../../src/copy/progress-report.ts';
import { nextPace, startPace, timeLeft } from '../../src/copy/progress.ts';

const looks = fc.array(
  fc.record({
    elapsed: fc.integer({ min: -1_000, max: 60_000 }),
    bytes: fc.nat(2 ** 31),
    files: fc.nat(10_000),
  }),
  { maxLength: 30 },
);

test('rate and time left are never negative and never absurd, whatever the clock does', () => {
  fc.assert(
    fc.property(looks, fc.nat(), fc.nat(), (steps, moreBytes, moreFiles) => {
      let [atMs, doneBytes, doneFiles] = [0, 0, 0];
      let pace = startPace({ atMs, doneBytes, doneFiles });
      for (const step of steps) {
        atMs += step.elapsed;
        doneBytes += step.bytes;
        doneFiles += step.files;
        pace = nextPace(pace, { atMs, doneBytes, doneFiles });
      }
      expect(pace.bytesRate ?? 0).toBeGreaterThanOrEqual(0);
      const left = timeLeft(pace, { bytes: doneBytes + moreBytes, files: doneFiles + moreFiles });
      expect(left === undefined || (Number.isFinite(left) && left >= 0)).toBe(true);
      expect(timeLeft(pace, { bytes: pace.last.doneBytes, files: pace.last.doneFiles })).toBe(0);
    }),
  );
});

test('at a steady rate the time left is right', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10 ** 9 }), fc.integer({ min: 2, max: 50 }), (rate, seconds) => {
      let pace = startPace({ atMs: 0, doneBytes: 0, doneFiles: 0 });
      for (let second = 1; second <= seconds; second += 1) {
        pace = nextPace(pace, { atMs: second * 1_000, doneBytes: second * rate, doneFiles: 0 });
      }
      expect(pace.bytesRate).toBeCloseTo(rate, 0);
      expect(timeLeft(pace, { bytes: (seconds + 100) * rate, files: 0 })).toBeCloseTo(100_000, -1);
    }),
  );
});

test('a stall makes the time left longer, never shorter', () => {
  let pace = startPace({ atMs: 0, doneBytes: 0, doneFiles: 0 });
  pace = nextPace(pace, { atMs: 1_000, doneBytes: 1_000_000, doneFiles: 10 });
  const goal = { bytes: 10_000_000, files: 100 };
  let before = timeLeft(pace, goal)!;
  for (let second = 2; second < 20; second += 1) {
    pace = nextPace(pace, { atMs: second * 1_000, doneBytes: 1_000_000, doneFiles: 10 });
    const now = timeLeft(pace, goal)!;
    expect(now).toBeGreaterThan(before);
    before = now;
  }
});

test('a report tells four times a second at most, ends at the goal, and never passes it', () => {
  const told: CopyProgress[] = [];
  let now = 0;
  const report = new ProgressReport(
    'copying',
    { bytes: 10_000, files: 1_000 },
    (one) => told.push(one),
    () => now,
  );
  for (let count = 0; count < 1_000; count += 1) {
    now += 10;
    report.add(11, 1);
  }
  report.end();
  expect(told.length).toBeLessThanOrEqual(42);
  expect(told.at(-1)).toMatchObject({ doneBytes: 10_000, totalBytes: 10_000, doneFiles: 1_000, etaMs: 0 });
});

test('the time until a copy is verified too is the time left, and that of reading all of it at the same pace', () => {
  const told: CopyProgress[] = [];
  let now = 0;
  const report = new ProgressReport(
    'copying',
    { bytes: 10_000_000, files: 0 },
    (one) => told.push(one),
    () => now,
    true,
  );
  now = 1_000;
  report.add(2_500_000, 0);
  expect(told.at(-1)).toMatchObject({ etaMs: 3_000, verifiedMs: 7_000 });
  now = 4_000;
  report.add(7_500_000, 0);
  report.end();
  expect(told.at(-1)).toMatchObject({ etaMs: 0, verifiedMs: 4_000 });
});
