import type { Pace } from '../documents/report.ts';

/** How far a copy had come, as it was noted beside the journal. */
export interface PaceSeries {
  readonly step: string;
  readonly attempt: number;
  /** Such as `copying`. */
  readonly doing: string;
  /** Milliseconds of the wall clock, and bytes since the beginning. */
  readonly points: readonly { readonly at: number; readonly bytes: number }[];
}

/** As many bars as a phone has room for. */
const mostRates = 60;
const shortestMs = 50;

/** The rate over time, in at most 60 pieces of equal length; nothing where there is nothing to see. */
export function paceOf({ step, attempt, doing, points }: PaceSeries): Pace | undefined {
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  const tookMs = last.at - first.at;
  const bytes = last.bytes - first.bytes;
  if (tookMs < shortestMs || bytes <= 0) return undefined;
  const pieces = Math.max(1, Math.min(mostRates, points.length - 1));
  const rates = Array.from({ length: pieces }, (_, index) => {
    const [from, to] = [(tookMs * index) / pieces, (tookMs * (index + 1)) / pieces];
    const gained = bytesAt(points, first.at + to) - bytesAt(points, first.at + from);
    return {
      fromMs: Math.round(from),
      toMs: Math.round(to),
      rate: Math.round(Math.max(0, gained) / ((to - from) / 1000)),
    };
  });
  return {
    ...{ step, attempt, doing, tookMs, bytes, rates },
    meanRate: Math.round(bytes / (tookMs / 1000)),
    peakRate: Math.max(...rates.map(({ rate }) => rate)),
  };
}

/** Between two points as if it had gone on evenly. */
function bytesAt(points: PaceSeries['points'], at: number): number {
  const index = points.findIndex((point) => point.at >= at);
  const [before, after] = [points[index - 1], points[index]];
  if (after === undefined) return points.at(-1)?.bytes ?? 0;
  if (before === undefined || after.at === before.at) return after.bytes;
  return before.bytes + ((after.bytes - before.bytes) * (at - before.at)) / (after.at - before.at);
}
