import { basename, extname, resolve } from 'node:path';
import { mustBeOpen } from '../engine/index.ts';
import { hasEnded } from '../host/ended-run.ts';
import { readJournal } from '../host/journal-file.ts';
import { listRuns, type RunFolder } from '../host/runs.ts';
import { exitCodes, MigrateError, UsageError } from '../errors.ts';
import type { JournalEvent } from '../journal/event.ts';
import { fold } from '../journal/fold.ts';
import { isOver, type RunState } from '../journal/state.ts';
import { didYouMean } from '../runbook/suggestion.ts';

/** A run as its journal tells it, read without its lock. */
export interface KnownRun {
  readonly place: RunFolder;
  readonly events: readonly JournalEvent[];
  readonly state: RunState;
}

/** Every run of a state folder, in the order of their starts. @throws StateError for a damaged journal */
export async function knownRuns(state: string): Promise<readonly KnownRun[]> {
  const runs = await Promise.all((await listRuns(state)).map(readBegun));
  return runs
    .filter((run) => run !== undefined)
    .toSorted((one, other) => one.state.startedAt.localeCompare(other.state.startedAt));
}

/**
 * `undefined` for a start that was broken off in the middle of its first line, so that nothing followed from it.
 * @throws StateError for a damaged journal
 */
async function readBegun(place: RunFolder): Promise<KnownRun | undefined> {
  const { events } = await readJournal(place.journal);
  return events.length === 0 ? undefined : { place, events, state: fold(events) };
}

/**
 * The unfinished run of a runbook, when there is one here.
 * @throws StateError for a damaged journal; `run.moved` when the run goes on in another state folder
 */
export async function unfinishedRunOf(state: string, runbook: string): Promise<KnownRun | undefined> {
  const runs = (await knownRuns(state)).filter((run) => run.state.runbook === runbook);
  const unfinished = runs.find((run) => !isOver(run.state));
  if (unfinished !== undefined) return unfinished;
  for (const { place, state: here } of runs) {
    const { movedTo } = here;
    if (movedTo !== undefined && !(await hasEnded(movedTo, place.id))) mustBeOpen(here);
  }
  return undefined;
}

/** Which runs a command may mean when it is given a runbook, or nothing. */
export type Wanted = 'unfinished' | 'latest';

/**
 * The runs that a name stands for: a run by its id, or those of a runbook.
 *
 * @param wanted of a runbook's runs: the unfinished ones, or the latest when there is none
 * @throws UsageError `run.unknown`
 */
export async function runsNamed(state: string, name: string, wanted: Wanted): Promise<readonly KnownRun[]> {
  const places = await listRuns(state);
  const exact = places.find(({ id }) => id === name);
  // Another run's damaged journal must not be in the way of this one.
  const begun = exact && (await readBegun(exact));
  if (begun !== undefined) return [begun];
  const runs = (await knownRuns(state)).filter((run) => isOf(run, name));
  const unfinished = runs.filter((run) => !isOver(run.state));
  if (unfinished.length > 0) return unfinished;
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
  const known = [...places.map(({ id }) => id), ...(await knownRuns(state)).map((run) => run.state.runbook)];
  throw new UsageError(
    'run.unknown',
    `there is no run "${name}" in ${state}.${didYouMean(name, [...new Set(known)])}`,
    known.length === 0 ? 'Nothing was run yet with this state folder.' : 'See the runs: migrate status',
  );
}

/** A file may stand for its runbook, since `migrate run ./move-home.ts` began it that way. */
function isOf({ state: { runbook, source } }: KnownRun, name: string): boolean {
  if (!name.includes('/') && !/\.[cm]?[jt]s$/.test(name)) return runbook === name;
  return source.file === resolve(name) || runbook === basename(name, extname(name));
}

/**
 * One run, by name or, without one, the only unfinished run.
 *
 * @param pick chooses among several; `undefined` when nobody can be asked
 * @throws UsageError `run.none`, `run.several` or `run.unknown`
 */
export async function oneRun(
  state: string,
  name: string | undefined,
  wanted: Wanted,
  pick: ((runs: readonly KnownRun[]) => Promise<KnownRun | undefined>) | undefined,
): Promise<KnownRun> {
  const runs =
    name === undefined
      ? (await knownRuns(state)).filter((run) => !isOver(run.state))
      : await runsNamed(state, name, wanted);
  const [first, ...others] = runs;
  if (first === undefined) {
    throw new UsageError(
      'run.none',
      `no run is unfinished in ${state}`,
      'Begin one: migrate run RUNBOOK. Runs of another state folder need its --state-dir.',
    );
  }
  if (others.length === 0) return first;
  if (pick !== undefined) {
    const picked = await pick(runs);
    if (picked !== undefined) return picked;
    throw new MigrateError('run.not-chosen', 'no run was chosen', { exitCode: exitCodes.interrupted });
  }
  throw new UsageError(
    'run.several',
    'several runs are unfinished, so say which one',
    runs.map(({ place, state: { summary } }) => `  ${place.id}  ${summary}`).join('\n'),
  );
}
