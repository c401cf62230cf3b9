import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rebootClock, shift, skippableClock, skipTime } from '../../src/rehearsal/clock.ts';
import type { Clock } from '../../src/runbook/index.ts';

const real: Clock = {
  now: () => ({ wall: 1_000_000, boottime: 500, monotonic: 400 }),
  sleep: () => Promise.reject(new Error('nobody sleeps')),
};

describe('the clock of a world', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'clock-'));
    file = join(folder, 'clock');
    writeFileSync(file, '');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('shows the real time until something is skipped', () => {
    expect(skippableClock(file, real).now()).toEqual(real.now());
  });

  it('is put forward in all three readings, by others and by its own sleep', async () => {
    const clock = skippableClock(file, real);
    skipTime(file, 3_600_000);
    await clock.sleep(1_000);
    expect(clock.now()).toEqual({ wall: 4_601_000, boottime: 3_601_500, monotonic: 3_601_400 });
  });

  it('restarts what counts from boot, and not the wall clock, at a reboot', () => {
    skipTime(file, 60_000);
    rebootClock(file, real);
    skipTime(file, 5_000);
    expect(skippableClock(file, real).now()).toEqual({ wall: 1_065_000, boottime: 5_000, monotonic: 5_000 });
  });

  it('does not sleep when it is told to stop', async () => {
    const stop = AbortSignal.abort(new Error('stop'));
    await expect(skippableClock(file, real).sleep(5_000, stop)).rejects.toThrow('stop');
    expect(skippableClock(file, real).now().wall).toBe(1_000_000);
  });

  it('never goes back within a boot, whatever is skipped', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1e9)), (skips) => {
        const lines = skips.map((skip) => `skip ${skip}\n`);
        const readings = lines.map((_, index) => shift(real.now(), lines.slice(0, index + 1).join('')));
        readings.reduce((before, after) => {
          expect(after.wall).toBeGreaterThanOrEqual(before.wall);
          expect(after.wall - after.boottime).toBe(before.wall - before.boottime);
          return after;
        }, real.now());
      }),
    );
  });
});
