import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import type { Clock } from '../runbook/index.ts';

// setTimeout turns anything longer into 1 ms.
const longestTimer = 2 ** 31 - 1;

/** The clocks of this machine. `sleep` rejects with an AbortError when its signal is aborted. */
export const systemClock: Clock = {
  now: () => ({
    wall: Date.now(),
    boottime: parseUptime(readFileSync('/proc/uptime', 'utf8')),
    // Node's high-resolution time is CLOCK_MONOTONIC, which stands still while the machine sleeps.
    monotonic: Number(process.hrtime.bigint() / 1_000_000n),
  }),
  async sleep(milliseconds, signal) {
    let left = Math.max(0, milliseconds);
    do {
      const part = Math.min(left, longestTimer);
      await setTimeout(part, undefined, signal === undefined ? {} : { signal });
      left -= part;
    } while (left > 0);
  },
};

/** `/proc/uptime` counts sleep, as CLOCK_BOOTTIME does; seconds with two decimals become milliseconds. */
export function parseUptime(text: string): number {
  const seconds = Number(text.split(' ')[0]);
  if (!Number.isFinite(seconds) || text.trim() === '')
    throw new Error(`/proc/uptime holds ${JSON.stringify(text)}`);
  return Math.round(seconds * 1000);
}
