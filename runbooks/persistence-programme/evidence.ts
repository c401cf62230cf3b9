import type { PastRun } from 'migrate-runbook';
import { nameOf, type Work } from './phases.ts';

/** How a work stands by the runs that there are. */
export type Standing =
  | {
      readonly done: true;
      readonly work: Work;
      /** Missing where the operator's word stands for it. */
      readonly run?: string;
      /** ISO 8601, UTC. */
      readonly from?: string;
      readonly to?: string;
      readonly workedMs: number;
      /** The snapshot by which its backup was proven. */
      readonly snapshot?: string;
    }
  | { readonly done: false; readonly work: Work; readonly why: string };

/**
 * What counts: a run that is completed and not undone, with no other one of the same under way, whose backup is
 * proven where it has one to prove, and which no run in the other direction has followed.
 *
 * @param back runs that bring back what a completed one can no longer undo
 */
export function standingOf(work: Work, runs: readonly PastRun[], back: readonly PastRun[] = []): Standing {
  const not = (why: string): Standing => ({ done: false, work, why: `${nameOf(work)}: ${why}` });
  const own = runs.filter((run) => run.status !== 'moved' && (run.status === 'damaged' || fits(work, run)));
  const damaged = own.find(({ status }) => status === 'damaged');
  if (damaged !== undefined)
    return not(`the journal of ${damaged.id} is damaged; see: migrate doctor ${damaged.id}`);
  const atWork = own.find(({ status }) => status === 'running' || status === 'rolling-back');
  if (atWork !== undefined) return not(underWay(atWork));
  const run = own.findLast(({ status }) => status === 'completed');
  if (run === undefined) {
    const last = own.at(-1);
    return not(last === undefined ? 'not begun' : `${last.id} was ${word(last)} on ${day(last.lastAt)}`);
  }
  const returned = back.findLast(
    ({ status, startedAt }) =>
      Date.parse(startedAt) > Date.parse(run.lastAt) &&
      ['completed', 'running', 'rolling-back'].includes(status),
  );
  if (returned !== undefined)
    return not(
      returned.status === 'completed'
        ? `${returned.id} has brought it back on ${day(returned.lastAt)}`
        : underWay(returned),
    );
  const snapshot = provenBy(run);
  if (work.proves === true && snapshot === undefined)
    return not(`${run.id} is completed, and proves no backup`);
  return {
    done: true,
    work,
    run: run.id,
    from: run.startedAt,
    to: run.lastAt,
    workedMs: run.workedMs,
    ...(snapshot === undefined ? {} : { snapshot }),
  };
}

function fits({ params = {} }: Work, run: PastRun): boolean {
  const given = (run.params ?? {}) as Readonly<Record<string, unknown>>;
  return Object.entries(params).every(([key, value]) => given[key] === value);
}

function underWay({ id, status, waitsAt, lastAt }: PastRun): string {
  if (status === 'rolling-back') return `${id} is being rolled back since ${day(lastAt)}`;
  return waitsAt.length > 0
    ? `${id} waits at ${waitsAt.join(' and ')} since ${day(lastAt)}`
    : `${id} is under way, last heard of on ${day(lastAt)}`;
}

function word({ status }: PastRun): string {
  return status === 'rolled-back' ? 'rolled back' : status;
}

/** The snapshot of the first backup that the run has proven by restoring from it. */
function provenBy({ done }: PastRun): string | undefined {
  for (const { output } of done) {
    if (typeof output !== 'object' || output === null) continue;
    const { proven, snapshot } = output as { readonly proven?: unknown; readonly snapshot?: unknown };
    if (proven === true && typeof snapshot === 'string') return snapshot;
  }
  return undefined;
}

export function day(at: string): string {
  return at.slice(0, 10);
}
