import type { Span } from '../documents/report.ts';

/** Where moments lie in a picture, from 0 to 1. */
export interface Axis {
  readonly from: number;
  readonly to: number;
  readonly place: (at: number) => number;
  /** Waits are drawn shorter than they were, since a soak of a day would hide hours of work. */
  readonly shortened: boolean;
}

/** What a wait takes in the picture at most, as a share of all work. */
const longestWait = 0.25;

/** @param spans of all steps; at least one */
export function axisOf(spans: readonly Span[]): Axis {
  const times = spans.flatMap(({ from, to }) => [Date.parse(from), Date.parse(to)]);
  const from = times.reduce((one, other) => Math.min(one, other), Infinity);
  const to = times.reduce((one, other) => Math.max(one, other), -Infinity);
  const worked = merged(spans.filter(({ doing }) => doing !== 'wait'));
  const total = worked.reduce((sum, each) => sum + each.to - each.from, 0);
  const cap = total > 0 ? total * longestWait : Infinity;
  const pieces: { from: number; to: number; weight: number }[] = [];
  let at = from;
  for (const each of [...worked, { from: to, to }]) {
    if (each.from > at) pieces.push({ from: at, to: each.from, weight: Math.min(each.from - at, cap) });
    if (each.to > each.from) pieces.push({ ...each, weight: each.to - each.from });
    at = Math.max(at, each.to);
  }
  const whole = pieces.reduce((sum, { weight }) => sum + weight, 0);
  return {
    from,
    to,
    shortened: pieces.some((piece) => piece.weight < piece.to - piece.from),
    place(moment) {
      if (whole <= 0) return 0;
      let before = 0;
      for (const piece of pieces) {
        if (moment < piece.to)
          return (
            (before + (piece.weight * Math.max(0, moment - piece.from)) / (piece.to - piece.from)) / whole
          );
        before += piece.weight;
      }
      return 1;
    },
  };
}

/** Stretches of time in which any was at work, one after the other. */
function merged(spans: readonly Span[]): { from: number; to: number }[] {
  const sorted = spans
    .map(({ from, to }) => ({ from: Date.parse(from), to: Math.max(Date.parse(from), Date.parse(to)) }))
    .toSorted((one, other) => one.from - other.from);
  const result: { from: number; to: number }[] = [];
  for (const span of sorted) {
    const last = result.at(-1);
    if (last !== undefined && span.from <= last.to) last.to = Math.max(last.to, span.to);
    else result.push(span);
  }
  return result;
}
