import type { JournalEvent } from './event.ts';

const ends = new Set([
  'step.completed',
  'step.failed',
  'step.interrupted',
  'undo.completed',
  'undo.failed',
  'undo.interrupted',
]);

/**
 * Milliseconds in which steps were at work or being undone, by the wall clock. Steps that run side by side count once.
 * An attempt that was cut off without a word counts for nothing, since nobody knows when it ended.
 */
export function workedMs(events: readonly JournalEvent[]): number {
  const begun = new Map<string, number>();
  const spans: { readonly from: number; readonly to: number }[] = [];
  for (const event of events) {
    if (!('step' in event) || typeof event.step !== 'string') continue;
    const at = Date.parse(event.at);
    if (event.type === 'step.started' || event.type === 'undo.started') begun.set(event.step, at);
    if (!ends.has(event.type)) continue;
    const from = begun.get(event.step);
    begun.delete(event.step);
    if (from !== undefined && at > from) spans.push({ from, to: at });
  }
  let sum = 0;
  let until = -Infinity;
  for (const { from, to } of spans.toSorted((one, other) => one.from - other.from)) {
    sum += Math.max(0, to - Math.max(from, until));
    until = Math.max(until, to);
  }
  return sum;
}
