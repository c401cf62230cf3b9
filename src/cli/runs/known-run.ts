import { basename, extname, resolve } from 'node:path';
import { mustBeOpen } from '../../engine/must-be-open.ts';
import { hasEnded } from '../../host/ended-run.ts';
import { listRuns } from '../../host/runs.ts';
import { exitCodes, MigrateError, UsageError } from '../../errors.ts';
import { isOver, mayGoBack, type RunState } from '../../journal/state.ts';
import { didYouMean } from '../../runbook/suggestion.ts';
import {
  isDamaged,
  lookAtRun,
  runbookOf,
  surveyRuns,
  type DamagedRun,
  type KnownRun,
} from './surveyed-runs.ts';

export type { KnownRun } from './surveyed-runs.ts';

/** Every run of a state folder, in the order of their starts. @throws StateError for a damaged journal */
export async function knownRuns(state: string): Promise<readonly KnownRun[]> {
  const { sound, damaged } = await surveyRuns(state);
  if (damaged[0] !== undefined) throw damaged[0].error;
  return sound;
}

/**
 * The unfinished run of a runbook, when there is one here.
 * @throws StateError for a damaged journal of what may be a run of it; `run.moved` when the run goes on in another
 *   state folder
 */
export async function unfinishedRunOf(state: string, runbook: string): Promise<KnownRun | undefined> {
  const { sound, damaged } = await surveyRuns(state);
  const runs = sound.filter((run) => run.state.runbook === runbook);
  const unfinished = runs.find((run) => !isOver(run.state));
  if (unfinished !== undefined) return unfinished;
  const maybe = damaged.find((run) => [runbook, undefined].includes(runbookOf(run)));
  if (maybe !== undefined) throw maybe.error;
  for (const { place, state: here } of runs) {
    const { movedTo } = here;
    if (movedTo !== undefined && !(await hasEnded(movedTo, place.id))) mustBeOpen(here);
  }
  return undefined;
}

/**
 * The run whose parameters tell how things are here: the unfinished one, or else the latest that has done
 * every step.
 * @throws as unfinishedRunOf
 */
export async function runInForce(state: string, runbook: string): Promise<KnownRun | undefined> {
  const unfinished = await unfinishedRunOf(state, runbook);
  if (unfinished !== undefined) return unfinished;
  const { sound } = await surveyRuns(state);
  return sound.findLast((run) => run.state.runbook === runbook && mayGoBack(run.state));
}

/** Which runs a command may mean when it is given a runbook, or nothing. */
export type Wanted = 'unfinished' | 'latest';

/**
 * The runs that a name stands for: a run by its id, or those of a runbook.
 *
 * @param wanted of a runbook's runs: the unfinished ones, or the latest when there is none
 * @throws UsageError `run.unknown`; StateError for the damaged journal of what may be meant
 */
export async function runsNamed(state: string, name: string, wanted: Wanted): Promise<readonly KnownRun[]> {
  const exact = await runWithId(state, name);
  if (exact !== undefined) return [exact];
  const survey = await surveyRuns(state);
  const runs = survey.sound.filter((run) => isOf(run, name));
  const unfinished = runs.filter((run) => !isOver(run.state));
  if (unfinished.length > 0) return unfinished;
  const maybe = survey.damaged.find((run) => mayBeOf(run, name));
  if (maybe !== undefined) throw maybe.error;
  const latest = runs.at(-1);
  if (wanted === 'latest' && latest !== undefined) return [latest];
  if (latest !== undefined) {
    if (latest.state.status === 'moved') mustBeOpen(latest.state);
    throw new UsageError(
      'run.over',
      `no run of ${name} is unfinished; the latest, ${latest.place.id}, is ${latest.state.status}`,
      `See what it did: migrate status ${latest.place.id}`,
    );
  }
  const known = survey.sound.flatMap((run) => [run.place.id, run.state.runbook]);
  known.push(...survey.damaged.map((run) => run.place.id));
  throw new UsageError(
    'run.unknown',
    `there is no run "${name}" in ${state}.${didYouMean(name, [...new Set(known)])}`,
    known.length === 0 ? 'Nothing was run yet with this state folder.' : 'See the runs: migrate status',
  );
}

/** @throws StateError for a damaged journal; another run's must not be in the way of this one */
async function runWithId(state: string, id: string): Promise<KnownRun | undefined> {
  const place = (await listRuns(state)).find((each) => each.id === id);
  const run = place && (await lookAtRun(place));
  if (run !== undefined && isDamaged(run)) throw run.error;
  return run;
}

/** A file may stand for its runbook, since `migrate run ./move-home.ts` began it that way. */
export function isOf({ state: { runbook, source } }: { readonly state: RunState }, name: string): boolean {
  if (!name.includes('/') && !/\.[cm]?[jt]s$/.test(name)) return runbook === name;
  return source.file === resolve(name) || runbook === basename(name, extname(name));
}

/** Whether a name may stand for a damaged run; a file may, when nothing tells of which runbook the run is. */
export function mayBeOf(run: DamagedRun, name: string): boolean {
  const { place, state } = run;
  if (place.id === name) return true;
  if (state !== undefined) return isOf({ state }, name);
  const runbook = runbookOf(run);
  return runbook === undefined || runbook === name || name.includes('/') || /\.[cm]?[jt]s$/.test(name);
}

/**
 * One run, by name or, without one, the only unfinished run.
 *
 * @param pick chooses among several; `undefined` when nobody can be asked
 * @throws UsageError `run.none`, `run.several` or `run.unknown`; StateError when only a damaged run may be meant
 */
export async function oneRun(
  state: string,
  name: string | undefined,
  wanted: Wanted,
  pick: ((runs: readonly KnownRun[]) => Promise<KnownRun | undefined>) | undefined,
): Promise<KnownRun> {
  const survey = name === undefined ? await surveyRuns(state) : undefined;
  const damaged = survey?.damaged ?? [];
  const runs =
    survey?.sound.filter((run) => !isOver(run.state)) ?? (await runsNamed(state, name ?? '', wanted));
  const [first, ...others] = runs;
  if (first === undefined) {
    if (damaged[0] !== undefined) throw damaged[0].error;
    throw new UsageError(
      'run.none',
      `no run is unfinished in ${state}`,
      'Begin one: migrate run RUNBOOK. Runs of another state folder need its --state-dir.',
    );
  }
  // A damaged run may be unfinished as well, and then it may be the one that is meant.
  if (others.length === 0 && damaged.length === 0) return first;
  if (pick !== undefined) {
    const picked = await pick(runs);
    if (picked !== undefined) return picked;
    throw new MigrateError('run.not-chosen', 'no run was chosen', { exitCode: exitCodes.interrupted });
  }
  throw new UsageError(
    'run.several',
    'several runs are unfinished, so say which one',
    [
      ...runs.map(({ place, state: { summary } }) => `  ${place.id}  ${summary}`),
      ...damaged.map(({ place }) => `  ${place.id}  its journal is damaged: migrate doctor ${place.id}`),
    ].join('\n'),
  );
}
