import { UsageError } from '../errors.ts';
import type { Duration } from './gate.ts';

const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/**
 * A duration in milliseconds.
 * @throws UsageError `duration.invalid` for anything but a positive number or text such as `90s`, `30m`, `24h`, `7d`
 */
export function durationMs(duration: Duration | number | string): number {
  if (typeof duration === 'number' && duration > 0 && Number.isFinite(duration)) return duration;
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(String(duration));
  const value = match === null ? Number.NaN : Number(match[1]) * unitMs[match[2] as keyof typeof unitMs];
  if (!(value > 0)) {
    throw new UsageError(
      'duration.invalid',
      `${JSON.stringify(duration)} is no duration`,
      'Give milliseconds, or a number with its unit: 500ms, 90s, 30m, 24h, 7d.',
    );
  }
  return value;
}
