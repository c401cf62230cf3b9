import { StepError } from '../../errors.ts';
import type { Host } from '../../runbook/index.ts';

const hourMs = 3_600_000;
/** Two machines' clocks may differ by so much, in milliseconds. */
const toleratedMs = 5 * 60_000;

/**
 * Hours since a moment by the wall clock.
 * @param moment milliseconds since 1970
 * @throws StepError `health.clock` when it lies in the future, so that its age cannot be told
 */
export function hoursSince(host: Pick<Host, 'clock'>, moment: number, what: string): number {
  const ageMs = host.clock.now().wall - moment;
  if (Number.isNaN(ageMs)) throw new StepError('health.clock', `the time of ${what} cannot be read`);
  if (ageMs < -toleratedMs) {
    throw new StepError(
      'health.clock',
      `${what} bears a time in the future, ${new Date(moment).toISOString()}`,
      'One of the two clocks is wrong: compare date on both machines.',
    );
  }
  return Math.max(0, ageMs) / hourMs;
}
