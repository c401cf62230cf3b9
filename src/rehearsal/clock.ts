import { appendFileSync, readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { systemClock } from '../host/clock.ts';
import type { Clock, ClockReading } from '../runbook/index.ts';

/**
 * A clock that runs like the real one and can be put forward: nothing sleeps in a rehearsal.
 * The offset lies in a file, since the world's processes share it and outlive one another. Each line
 * is `skip MILLISECONDS` or `boot BOOTTIME MONOTONIC`; one write each, so that none can tear another.
 */
export function skippableClock(file: string, real: Clock = systemClock): Clock {
  return {
    now: () => shift(real.now(), readFileSync(file, 'utf8')),
    async sleep(milliseconds, signal) {
      signal?.throwIfAborted();
      skipTime(file, milliseconds);
      // Others get their turn, as they would while this one sleeps.
      await setTimeout(1, undefined, signal === undefined ? {} : { signal });
    },
  };
}

/** Puts the clock forward, for every process that reads it. */
export function skipTime(file: string, milliseconds: number): void {
  appendFileSync(file, `skip ${Math.max(0, Math.ceil(milliseconds))}\n`);
}

/** Restarts the clocks that count from boot. */
export function rebootClock(file: string, real: Clock = systemClock): void {
  const { boottime, monotonic } = real.now();
  appendFileSync(file, `boot ${boottime} ${monotonic}\n`);
}

/** What the clock shows, given the real one and everything in the file. */
export function shift(real: ClockReading, text: string): ClockReading {
  let skipped = 0;
  let skippedSinceBoot = 0;
  let boot = { boottime: 0, monotonic: 0 };
  for (const line of text.split('\n')) {
    const [what, first, second] = line.split(' ');
    if (what === 'skip') {
      skipped += Number(first);
      skippedSinceBoot += Number(first);
    } else if (what === 'boot') {
      boot = { boottime: Number(first), monotonic: Number(second) };
      skippedSinceBoot = 0;
    }
  }
  return {
    wall: real.wall + skipped,
    boottime: real.boottime - boot.boottime + skippedSinceBoot,
    monotonic: real.monotonic - boot.monotonic + skippedSinceBoot,
  };
}
