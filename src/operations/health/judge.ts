import { UsageError } from '../../errors.ts';
import type { Limits } from './measure.ts';

export type Level = 'ok' | 'warning' | 'critical' | 'unknown';

/**
 * How bad a figure is. What is no number is unknown, and never ok.
 */
export function judge({ warning, critical, worse = 'above' }: Limits, value: number): Level {
  if (Number.isNaN(value)) return 'unknown';
  const beyond = (limit: number | undefined) =>
    limit !== undefined && (worse === 'above' ? value > limit : value < limit);
  if (beyond(critical)) return 'critical';
  return beyond(warning) ? 'warning' : 'ok';
}

/**
 * Limits that can be told apart: numbers, and the warning comes before the critical one.
 * @throws UsageError `health.limits`
 */
export function checkedLimits<Given extends Limits & { readonly name?: string }>(limits: Given): Given {
  const { warning, critical, worse = 'above', name = 'a measure' } = limits;
  const bad = [warning, critical].find((limit) => limit !== undefined && !Number.isFinite(limit));
  if (bad !== undefined) {
    throw new UsageError(
      'health.limits',
      `${name} has ${bad} for a limit`,
      'Give a number, or leave it out.',
    );
  }
  const crossed =
    warning !== undefined &&
    critical !== undefined &&
    (worse === 'above' ? warning > critical : warning < critical);
  if (!crossed) return limits;
  throw new UsageError(
    'health.limits',
    `${name} warns ${worse} ${warning}, which is past ${critical}, where it is critical already`,
    'Put the warning before the critical limit, or say which way it gets worse: worse.',
  );
}

/** Such as `ok up to 24 h, critical above 48 h`. */
export function limitsText({ unit, warning, critical, worse = 'above' }: Limits): string {
  const to = worse === 'above' ? 'at most' : 'at least';
  const first = warning ?? critical;
  if (first === undefined) return 'any figure';
  const ok = `${to} ${first} ${unit}`;
  return warning === undefined || critical === undefined
    ? ok
    : `${ok}; critical ${worse} ${critical} ${unit}`;
}

/** A figure with its unit, to two decimals; `never` where there was nothing to measure. */
export function figureText(value: number, unit: string): string {
  if (!Number.isFinite(value)) return 'never';
  return `${Math.round(value * 100) / 100} ${unit}`;
}
