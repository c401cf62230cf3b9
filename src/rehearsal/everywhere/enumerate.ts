import { crashPoints, formatCrashSpec, type CrashSpec } from '../crash.ts';
import type { CrashCase } from './case.ts';

/** A place that a process came by in an uninterrupted run. */
export interface Pass {
  readonly process: string;
  readonly point: CrashSpec['point'];
  readonly step: string | undefined;
}

/** What was passed on the way from the step before to the checkpoint of this one. */
export interface Stretch {
  readonly step: string;
  readonly passes: readonly Pass[];
}

/** Reads what `recordingPasses` wrote; a line without an end is that of a process that was killed. */
export function parsePasses(text: string): readonly Pass[] {
  return text
    .split('\n')
    .slice(0, -1)
    .flatMap((line) => {
      const [process = '', name, step = ''] = line.split(' ');
      const point = crashPoints.find((known) => known === name);
      return point === undefined ? [] : [{ process, point, step: step === '' ? undefined : step }];
    });
}

/**
 * Every place at which a process can be killed on each stretch. The middle of an act or an undo that is
 * passed more often, at each command, is tried at the first time and at another one; a place of the
 * process that is no step's (a lock, a line of the journal) at one of its times.
 *
 * @param random in [0, 1), which chooses the time
 */
export function casesOf(
  kind: 'forward' | 'undo',
  stretches: readonly Stretch[],
  random: () => number,
): readonly CrashCase[] {
  return stretches.flatMap(({ step, passes }) =>
    placesOf(passes, random).map((place) => ({ kind, step, crashes: [place] })),
  );
}

function placesOf(passes: readonly Pass[], random: () => number): readonly CrashSpec[] {
  const most = new Map<string, { spec: CrashSpec; times: number }>();
  const counts = new Map<string, number>();
  for (const { process, point, step } of passes) {
    const spec: CrashSpec = { point, step, occurrence: 1 };
    const times = (counts.get(`${process} ${formatCrashSpec(spec)}`) ?? 0) + 1;
    counts.set(`${process} ${formatCrashSpec(spec)}`, times);
    const known = most.get(formatCrashSpec(spec));
    most.set(formatCrashSpec(spec), { spec, times: Math.max(times, known?.times ?? 0) });
  }
  return [...most.values()].flatMap(({ spec, times }) =>
    times === 1
      ? [spec]
      : spec.point.startsWith('mid-')
        ? [spec, { ...spec, occurrence: 2 + Math.floor(random() * (times - 1)) }]
        : [{ ...spec, occurrence: 1 + Math.floor(random() * times) }],
  );
}

/** Two crashes in a row at different points, one pair for each step that has two. */
export function pairsOf(cases: readonly CrashCase[], random: () => number): readonly CrashCase[] {
  const byStep = Map.groupBy(
    cases.filter((one) => one.kind === 'forward'),
    ({ step }) => step,
  );
  return [...byStep].flatMap(([step, those]) => {
    const places = those.flatMap(({ crashes }) => crashes);
    const first = places[Math.floor(random() * places.length)];
    const others = places.filter(({ point }) => point !== first?.point);
    const second = others[Math.floor(random() * others.length)];
    if (first === undefined || second === undefined) return [];
    return [{ kind: 'forward' as const, step, crashes: [first, second] }];
  });
}
