import type { Standing } from './evidence.ts';
import type { Phase } from './phases.ts';

/** What a phase has taken, against what was planned. */
export interface PhaseTime {
  readonly phase: number;
  readonly planned: readonly [number, number];
  /** Hours in which its runs were at work. */
  readonly worked: number;
  /** Hours from the first start to the last end, waiting and all; undefined where no run tells. */
  readonly took: number | undefined;
}

const hourMs = 3_600_000;

export function timeOf(phase: Phase, standings: readonly Standing[]): PhaseTime {
  const done = standings.filter((one) => one.done);
  const at = (which: 'from' | 'to') =>
    done.flatMap((one) => (one[which] === undefined ? [] : [Date.parse(one[which])]));
  const [from, to] = [at('from'), at('to')];
  return {
    phase: phase.number,
    planned: phase.hours,
    worked: done.reduce((sum, { workedMs }) => sum + workedMs, 0) / hourMs,
    took: from.length === 0 ? undefined : (Math.max(...to) - Math.min(...from)) / hourMs,
  };
}

/** `2.5 h of work, 3.1 days from start to end; 2–3 h planned`. */
export function timeText({ planned: [least, most], worked, took }: PhaseTime): string {
  const against =
    worked > most ? `, more than the ${least}–${most} h planned` : `; ${least}–${most} h planned`;
  return took === undefined
    ? `its times are not known; ${least}–${most} h planned`
    : `${span(worked)} of work, ${span(took)} from start to end${against}`;
}

/** All phases together; hours are planned of those alone that are wanted. */
export function total(times: readonly PhaseTime[]): PhaseTime {
  const sum = (pick: (time: PhaseTime) => number) => times.reduce((all, time) => all + pick(time), 0);
  return {
    phase: 0,
    planned: [sum(({ planned }) => planned[0]), sum(({ planned }) => planned[1])],
    worked: sum(({ worked }) => worked),
    took: sum(({ took }) => took ?? 0),
  };
}

function span(hours: number): string {
  if (hours >= 48) return `${(hours / 24).toFixed(1)} days`;
  return hours >= 1 ? `${hours.toFixed(1)} h` : `${Math.round(hours * 60)} min`;
}
