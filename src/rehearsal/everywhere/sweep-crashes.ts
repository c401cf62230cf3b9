import { randomOf } from '../random.ts';
import { diskKind } from '../disks.ts';
import type { WorldFacts } from '../protocol.ts';
import { exploreUndos, tryRollback, tryUndos } from './back.ts';
import type { CrashCase } from './case.ts';
import type { Group } from './case.ts';
import { chooseCases, type Choice } from './choose.ts';
import type { CaseResult } from './coverage.ts';
import { casesOf, pairsOf, type Stretch } from './enumerate.ts';
import { tryForward } from './forward.ts';
import type { Setup } from './journey.ts';
import { uninterrupted } from './reference.ts';

export interface SweepOptions extends Choice {
  /** Decides what is drawn: further times at a place, pairs, the sample. */
  readonly seed: number;
  /** Nothing but these cases. */
  readonly only?: readonly CrashCase[] | undefined;
  /** The steps up to which everything can be taken back. */
  readonly returnable: readonly string[];
  /** How many worlds at once. */
  readonly worlds: number;
  readonly onPlan?: (cases: number) => void;
  readonly onResult?: (result: CaseResult) => void;
}

export interface SweepReport {
  readonly results: readonly CaseResult[];
  /** Cases that there are, tried or not. */
  readonly known: number;
  /** In how much two uninterrupted runs differ, at the step where they differ most. */
  readonly noise: number;
  readonly disks: WorldFacts['disks'];
}

/**
 * Kills the runbook at every place that it passes in an uninterrupted run, on its way forward and back, and
 * resumes it; each case ends in the world that the uninterrupted run has there.
 *
 * @throws WorldError `crash.no-reference` when it does not work without any crash
 */
export async function sweepCrashes(setup: Setup, options: SweepOptions): Promise<SweepReport> {
  const results: CaseResult[] = [];
  const tell = (result: CaseResult) => {
    results.push(result);
    options.onResult?.(result);
  };
  // Each draw has a stream of its own, so that one does not shift another.
  const random = (draw: number) => randomOf(options.seed * 16 + draw);
  const reference = needsReference(options) ? uninterrupted(setup) : Promise.resolve([]);
  const looksBack = options.only === undefined && wantsUndos(options);
  const exploring: Promise<readonly Stretch[]> = looksBack
    ? exploreUndos(setup, reference, tell)
    : Promise.resolve([]);
  // Both come to their end before either's failure is told, so that no world is at work any more.
  await Promise.allSettled([reference, exploring]);
  const [boundaries, ways] = await Promise.all([reference, exploring]);

  const single = casesOf('forward', boundaries, random(1));
  const all: readonly CrashCase[] = [
    ...single,
    ...pairsOf(single, random(2)),
    ...casesOf('undo', ways, random(3)),
    ...options.returnable.flatMap((step) =>
      [false, true].map((killed) => ({ kind: 'rollback' as const, step, killed })),
    ),
  ];
  const chosen = options.only ?? chooseCases(all, options, random(4));
  // A world goes forward only.
  const page = ({ step }: CrashCase) => setup.ids.indexOf(step);
  const cases = chosen.toSorted((one, other) => page(one) - page(other));
  const explored = results.length;
  options.onPlan?.(cases.length + explored);

  const jobs: (() => Promise<void>)[] = [
    ...oneOfEachStep(cases.filter((one) => one.kind === 'forward')).map(
      (row) => () => tryForward(setup, boundaries, row, tell),
    ),
    ...split(
      cases.filter((one) => one.kind === 'undo'),
      options.worlds,
    ).map((part) => () => tryUndos(setup, boundaries, part, tell)),
    ...cases
      .filter((one) => one.kind === 'rollback')
      .map((one) => async () => tell(await tryRollback(setup, one, random(5)))),
  ];
  await inParallel(jobs, options.worlds);
  const noise = Math.max(0, ...boundaries.map((boundary) => boundary.noise.size));
  const known = options.only?.length ?? all.length + explored;
  const disks = diskKind({ folders: setup.build.disks === 'folders' });
  return { results, known, noise, disks };
}

/** A whole rollback is held against the start of its own run. */
export function needsReference({
  only,
  points,
  sample,
}: Pick<SweepOptions, 'only' | 'points' | 'sample'>): boolean {
  if (only !== undefined) return only.some(({ kind }) => kind !== 'rollback');
  const rollbacks: readonly Group[] = ['rollback', 'killed-rollback'];
  return points === undefined || sample !== undefined || points.some((point) => !rollbacks.includes(point));
}

const undoGroups: readonly Group[] = [
  'undo',
  'mid-undo',
  'before-undo-record',
  'undo/taking-lock',
  'undo/freeing-lock',
  'undo/half-line',
];

function wantsUndos({ points, sample }: Choice): boolean {
  return points === undefined || sample !== undefined || points.some((group) => undoGroups.includes(group));
}

/** Rows in which no step comes twice, as few as can be. */
export function oneOfEachStep<One extends { readonly step: string }>(
  cases: readonly One[],
): readonly (readonly One[])[] {
  const rows: One[][] = [];
  for (const those of Map.groupBy(cases, ({ step }) => step).values()) {
    for (const [index, one] of those.entries()) (rows[index] ??= []).push(one);
  }
  return rows;
}

/** Parts of about equal size that leave all cases of a step together. */
export function split<One extends { readonly step: string }>(
  cases: readonly One[],
  parts: number,
): readonly (readonly One[])[] {
  const steps = [...Map.groupBy(cases, ({ step }) => step).values()];
  return Array.from({ length: parts }, (_, part) =>
    steps.filter((_those, index) => index % parts === part).flat(),
  ).filter((those) => those.length > 0);
}

async function inParallel(jobs: readonly (() => Promise<void>)[], width: number): Promise<void> {
  const left = [...jobs];
  const worker = async () => {
    for (let job = left.shift(); job !== undefined; job = left.shift()) await job();
  };
  await Promise.all(Array.from({ length: width }, worker));
}
