import { formatDuration } from './duration.ts';
import { formatStamp } from './moment.ts';
import type { Tone } from './style.ts';

type Readings = Readonly<Record<string, boolean | string>>;

/** What each probe said, a line each. */
export function readingLines(readings: Readings): { readonly tone: Tone; readonly text: string }[] {
  return Object.entries(readings).map(([name, reading]) => ({
    tone: reading === true ? ('good' as const) : ('bad' as const),
    text: `${name}: ${reading === true ? 'healthy' : reading === false ? 'not healthy' : reading}`,
  }));
}

/** The same as one line. */
export function readingsText(readings: Readings): string {
  return readingLines(readings)
    .map(({ text }) => text)
    .join(', ');
}

/** Which time of a soak did not count, and why. */
export function notCountedText({ until, ms, why }: { until: string; ms: number; why: string }): string {
  return `${formatDuration(ms)} up to ${formatStamp(until)} did not count: ${why}`;
}
