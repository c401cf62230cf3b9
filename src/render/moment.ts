import { formatDuration } from './duration.ts';

/** A point in time to the second, in UTC: `2026-11-21T14:25:48Z`. */
export function formatStamp(iso: string): string {
  return iso.replace(/\.\d+Z$/, 'Z');
}

/**
 * A point in time in the operator's own time zone with its distance: `Sun 22 Nov 14:30 (in 23h 12m)`.
 * @param iso ISO 8601
 * @param now milliseconds since 1970
 */
export function formatMoment(iso: string, now: number): string {
  const at = Date.parse(iso);
  if (Number.isNaN(at)) return iso;
  const text = new Intl.DateTimeFormat('en-GB', {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
  })
    .format(at)
    .replaceAll(',', '');
  const seconds = Math.trunc((at - now) / 1000);
  if (seconds === 0) return `${text} (now)`;
  const distance = formatDuration(Math.abs(seconds) * 1000);
  return seconds > 0 ? `${text} (in ${distance})` : `${text} (${distance} ago)`;
}
