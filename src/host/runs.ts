import { randomInt } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { StateError, messageOf } from '../errors.ts';
import { isUnfinishedCopy } from './copy-state.ts';
import { makeFolderDurably, syncFolder } from './durable.ts';
import { systemFiles } from './files.ts';

/** Where a run's things lie in the state folder. */
export interface RunFolder {
  readonly id: string;
  /** Also holds the lock files. */
  readonly folder: string;
  readonly journal: string;
  /** The copy of the runbook that the run keeps. */
  readonly sources: string;
  readonly logs: string;
}

// Crockford's base 32, in lower case: no letter looks like a digit.
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';
const tries = 100;

export function runFolder(state: string, id: string): RunFolder {
  const folder = join(state, 'runs', id);
  return {
    id,
    folder,
    journal: join(folder, 'journal.jsonl'),
    sources: join(folder, 'sources'),
    logs: join(folder, 'logs'),
  };
}

/**
 * Creates the folder of a new run, durably, under an id that no other run has.
 *
 * @param now wall clock, milliseconds since 1970
 * @throws StateError `state.unwritable`.
 */
export async function createRunFolder(
  state: string,
  runbook: string,
  now: number,
  random: (below: number) => number = randomInt,
): Promise<RunFolder> {
  try {
    await makeFolderDurably(state, 0o700);
    await makeFolderDurably(join(state, 'runs'), 0o700);
    for (let count = 0; count < tries; count += 1) {
      const run = runFolder(state, newRunId(runbook, now, random));
      if (!(await tryCreate(run.folder))) continue;
      await makeFolderDurably(run.sources, 0o700);
      await makeFolderDurably(run.logs, 0o700);
      return run;
    }
    throw new Error(`no free run id in ${tries} tries`);
  } catch (error) {
    throw new StateError(
      'state.unwritable',
      `no run can be kept in ${state}: ${messageOf(error)}`,
      'Give another folder with --state-dir.',
      error,
    );
  }
}

/** `<runbook>-<yyyymmdd>-<four characters>`; the day is that of UTC. */
export function newRunId(runbook: string, now: number, random: (below: number) => number): string {
  const day = new Date(now).toISOString().slice(0, 10).replaceAll('-', '');
  const tail = Array.from({ length: 4 }, () => alphabet[random(alphabet.length)]).join('');
  return `${runbook}-${day}-${tail}`;
}

/** The runbook that a run's id names; `undefined` for an id that is none. */
export function runbookOfRun(id: string): string | undefined {
  return /^(.+)-\d{8}-[0-9a-z]{4}$/.exec(id)?.[1];
}

/**
 * All runs of a state folder that have a journal, by id. A folder without one is a start that was broken off.
 *
 * @throws StateError `state.unfinished-copy`: its runs may still go on where it was copied from
 */
export async function listRuns(state: string): Promise<readonly RunFolder[]> {
  if (await isUnfinishedCopy(state)) {
    throw new StateError(
      'state.unfinished-copy',
      `the state in ${state} is an unfinished copy: its move here was broken off`,
      `Complete it, in the state folder that it is moved from: migrate state move ${state}`,
    );
  }
  const names = (await systemFiles.list(join(state, 'runs'))) ?? [];
  const runs = await Promise.all(
    names.map(async (id) => {
      const run = runFolder(state, id);
      const journal = await systemFiles.stat(run.journal);
      return journal !== undefined && journal.size > 0 ? run : undefined;
    }),
  );
  return runs.filter((run) => run !== undefined);
}

async function tryCreate(folder: string): Promise<boolean> {
  try {
    await mkdir(folder, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
  await syncFolder(join(folder, '..'));
  return true;
}
