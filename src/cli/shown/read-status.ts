import { exitCodes, type ExitCode } from '../../errors.ts';
import { dirname } from 'node:path';
import { breakGlassIn } from '../../host/break-glass.ts';
import { readLock } from '../../host/lock.ts';
import { keptNotices, outboxFolder } from '../../host/notices/outbox.ts';
import { isOver, mayGoBack } from '../../journal/state.ts';
import { statusDocument, type StatusDocument } from '../../render/documents/status.ts';
import { harmlessJson } from '../../render/harmless.ts';
import { statusText } from '../../render/text/status.ts';
import { parseMarks } from '../../plan/break-glass/marks.ts';
import type { Clock } from '../../runbook/index.ts';
import type { Globals } from '../invocation.ts';
import { isOf, mayBeOf, runsNamed, type KnownRun } from '../runs/known-run.ts';
import type { WayBackLook } from '../../render/documents/way-back.ts';
import { print } from '../terminal/print.ts';
import { stdout } from '../terminal/process-streams.ts';
import { runStatusOf } from './run-status.ts';
import { interruptible } from '../terminal/signals.ts';
import { withStateOption } from '../options/state-option.ts';
import { surveyRuns, type SurveyedRuns } from '../runs/surveyed-runs.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { timerLooksAt } from '../unattended/timer-looks.ts';

const watchEveryMs = 1_000;

/**
 * The status of the runs that a name stands for, or of all unfinished ones, and which runs are damaged.
 *
 * @param look asks the machine about the way back of a run
 * @throws UsageError `run.unknown`; StateError for a run that was named by its id and is damaged
 */
export async function readStatus(
  state: string,
  name: string | undefined,
  clock: Clock,
  look?: (run: KnownRun) => Promise<WayBackLook>,
): Promise<StatusDocument> {
  const survey = await surveyRuns(state);
  const runs = name === undefined ? survey.sound.filter(isUnfinished) : await runsToShow(state, name, survey);
  const damaged = survey.damaged.filter(
    (run) => name === undefined || (runs[0]?.place.id !== name && mayBeOf(run, name)),
  );
  return {
    type: 'status',
    runs: await Promise.all(runs.map((run) => statusOf(run, clock, look))),
    ...latestOf(name === undefined && runs.length === 0 ? survey.sound.at(-1) : undefined),
    damaged: damaged.map(({ place, error }) => ({
      run: place.id,
      folder: place.folder,
      code: error.code,
      message: error.message,
    })),
    notices: await noticesWaiting(state),
  };
}

function latestOf(run: KnownRun | undefined): Pick<StatusDocument, 'latest'> {
  if (run === undefined) return {};
  const { status, lastAt } = run.state;
  return { latest: { run: run.place.id, status, lastAt } };
}

/** A folder that cannot be read hides none of the runs; `migrate doctor` tells of it. */
async function noticesWaiting(state: string): Promise<StatusDocument['notices']> {
  const kept = await keptNotices(outboxFolder(state)).catch(() => []);
  const [oldest] = kept;
  return { waiting: kept.length, since: oldest === undefined ? null : new Date(oldest.at).toISOString() };
}

async function runsToShow(state: string, name: string, survey: SurveyedRuns): Promise<readonly KnownRun[]> {
  const { sound, damaged } = survey;
  const isThis = ({ place }: { place: { id: string } }) => place.id === name;
  const only = !sound.some(isThis) && damaged.some((run) => !isThis(run) && mayBeOf(run, name));
  // What is damaged may be the unfinished run, so that the latest sound one is not the answer.
  return only
    ? sound.filter((run) => isUnfinished(run) && isOf(run, name))
    : runsNamed(state, name, 'latest');
}

const isUnfinished = ({ state }: KnownRun) => !isOver(state);

async function statusOf(
  run: KnownRun,
  clock: Clock,
  look: ((run: KnownRun) => Promise<WayBackLook>) | undefined,
): Promise<StatusDocument['runs'][number]> {
  const owner = await readLock(run.place.folder);
  const timer = await timerLooksAt(run.state, dirname(dirname(run.place.folder)));
  const status = runStatusOf(run, owner?.pid ?? null, clock.now().wall, timer);
  const next = (await nextByHand(run)) ?? status.next;
  if (look === undefined || !status.wayBack.open) return { ...status, next };
  return { ...status, next, wayBack: { ...status.wayBack, ...(await look(run)) } };
}

/** The script for a rescue shell was run, and no process has taken note of it yet. */
async function nextByHand({ place, state }: KnownRun): Promise<string[] | undefined> {
  const marks = parseMarks((await breakGlassIn(place.folder).marks()).done);
  if (marks.length === 0 || (isOver(state) && !mayGoBack(state))) return undefined;
  const steps = [...new Set(marks.map(({ step }) => step))].join(', ');
  return [`migrate rollback ${state.run}, which takes note of what undo.sh has undone: ${steps}`];
}

export function showStatus(
  document: StatusDocument,
  globals: Globals,
  terminal: Terminal,
  clock: Clock,
): ExitCode {
  print(globals, statusDocument, document, () => told(document, globals, terminal, clock));
  return document.damaged.length === 0 ? exitCodes.done : exitCodes.stateDamaged;
}

function told(document: StatusDocument, globals: Globals, terminal: Terminal, clock: Clock): string {
  return withStateOption(statusText(document, terminal.style, clock.now().wall), globals.stateDir);
}

/**
 * Shows the status again whenever it changes, until every run is over or somebody breaks it off.
 * With `--json`, one document a line.
 */
export async function watchStatus(
  read: () => Promise<StatusDocument>,
  globals: Globals,
  terminal: Terminal,
  clock: Clock,
): Promise<void> {
  let before = '';
  await interruptible(
    () => {},
    async (signal) => {
      for (;;) {
        const document = await read();
        const text = globals.json
          ? harmlessJson(statusDocument.parse(document))
          : told(document, globals, terminal, clock);
        if (text !== before) {
          // Home, then clear what is below: less flicker than clearing first.
          const redraw = terminal.live ? `\u001b[H\u001b[J` : '';
          stdout.write(`${redraw}${text}\n${terminal.live || globals.json ? '' : '\n'}`);
        }
        before = text;
        const over = document.runs.every((run) => !['running', 'rolling-back'].includes(run.status));
        if (over || signal.aborted) return;
        try {
          await clock.sleep(watchEveryMs, signal);
        } catch {
          return;
        }
      }
    },
  );
}
