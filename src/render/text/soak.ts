import type { RunStatusDocument } from '../documents/status.ts';
import { formatDuration } from '../duration.ts';
import { harmless } from '../harmless.ts';
import { formatMoment } from '../moment.ts';
import { readingLines } from '../readings.ts';
import type { Style } from '../style.ts';

type Gate = RunStatusDocument['gates'][number];

/** A soak of weeks has lost many intervals, and the latest tell what is wrong. */
const shownLost = 5;

/**
 * What the status tells of a soak beyond how much of it is over.
 * @param now milliseconds since 1970
 */
export function soakLines(gate: Gate, style: Style, now: number): string[] {
  const { lookedAt, looks, stopped, unhealthy = [], readings, notCounted = [] } = gate;
  const lines: string[] = [];
  if (stopped !== undefined) {
    const what = stopped.map(harmless).join('; ');
    lines.push(style('bad', `STOPPED, it was not healthy: ${what}. Nobody looks until you decide`));
  }
  if (unhealthy.length > 0) lines.push(style('bad', `not healthy: ${unhealthy.map(harmless).join('; ')}`));
  if (lookedAt !== undefined) {
    const by = gate.sampler === undefined ? '' : ` by ${samplers[gate.sampler]}`;
    lines.push(`looked at ${formatMoment(lookedAt, now)}${by}`);
  }
  for (const { tone, text } of readingLines(readings ?? {})) lines.push(style(tone, `  ${harmless(text)}`));
  for (const [name, counter] of Object.entries(gate.counters ?? {}))
    lines.push(style('faint', `  ${harmless(name)}: ${harmless(counter)}`));
  if (looks !== undefined) lines.push(lookers[looks](gate.maxGapMs));
  const older = notCounted.length - shownLost;
  if (older > 0) lines.push(style('faint', `did not count: ${older} earlier stretches`));
  for (const lost of notCounted.slice(-shownLost))
    lines.push(style('faint', `did not count: ${harmless(lost)}`));
  return lines;
}

const samplers = { timer: 'the timer', wait: '--wait', resume: 'a resume' } as const;

const lookers = {
  process: () => 'the process at work looks again and again',
  timer: () => 'the timer looks again and again',
  resume: (maxGapMs: number | undefined) =>
    `nobody looks by itself: resume at least every ${maxGapMs === undefined ? 'so often' : formatDuration(maxGapMs)}, stay with --wait, or install the timer with migrate boot enable`,
} as const;
