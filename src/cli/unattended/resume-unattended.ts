import { resumeAfterBoot, sampleSoaks, type Outcome } from '../../engine/index.ts';
import { exitCodes, LockedError, type ExitCode } from '../../errors.ts';
import { listRuns, runFolder } from '../../host/runs.ts';
import { isOver, type RunState } from '../../journal/state.ts';
import { soaksDue } from '../../plan/unattended.ts';
import { atWork } from '../work/at-work.ts';
import { hostFor } from '../work/host-for.ts';
import { awaitMounts } from './await-mounts.ts';
import { reportFailure } from '../failure.ts';
import type { Globals, Overrides } from '../invocation.ts';
import { runsNamed, type KnownRun } from '../runs/known-run.ts';
import { runbookToResume, runbookToRollBack } from '../runs/pinned-runbook.ts';
import { notifyOfError } from '../notices/notifier.ts';
import { sendWaiting } from '../notices/waiting.ts';
import { takeBackOverdue } from './overdue-run.ts';
import { placesOf } from '../runs/places.ts';
import { preferences } from '../options/preferences.ts';
import { stderr } from '../terminal/process-streams.ts';
import { reopenRun } from '../runs/reopen-run.ts';

/** Between two tries of the timer to send what waits. */
const timerPauseMs = 10 * 60_000;

export interface UnattendedGiven {
  readonly by: 'boot' | 'timer';
  /** Where the state folder and the program are mounted, when it is not the root. */
  readonly awaitMount: readonly string[];
  readonly jobs: number | undefined;
  readonly globals: Globals;
  readonly overrides: Overrides;
}

/**
 * Goes on with one run, or with every unfinished run of the state folder, while nobody is there. What fails for
 * one of several is told, and the next is tried.
 */
export async function resumeUnattended(name: string | undefined, given: UnattendedGiven): Promise<ExitCode> {
  const globals = { ...given.globals, input: false };
  const state = placesOf(globals).state;
  await arrived(given.awaitMount, given.overrides);
  const names = name === undefined ? (await listRuns(state)).map(({ id }) => id) : [name];
  const told = { warn: say, overrides: given.overrides };
  let worst: ExitCode = exitCodes.done;
  for (const each of names) {
    try {
      // One after the other: two runs may want the same disk.
      for (const known of await runsNamed(state, each, 'latest')) {
        const exit = isOver(known.state) ? exitCodes.done : await resumeOne(known, { ...given, globals });
        worst = worse(worst, exit);
      }
    } catch (thrown) {
      if (thrown instanceof LockedError && thrown.code === 'lock.held') say(`left alone: ${thrown.message}`);
      else {
        const shown = { json: globals.json, verbose: false, stateDir: globals.stateDir };
        worst = worse(worst, reportFailure(thrown, shown));
        // The timer would say it again every few minutes, and its unit is seen to have failed.
        if (given.by === 'boot') {
          const { folder } = runFolder(state, each);
          await notifyOfError(
            hostFor(given.overrides),
            thrown,
            { run: each, folder, unattended: 'boot' },
            told,
          );
        }
      }
    }
  }
  await sendWaiting(hostFor(given.overrides), {
    ...{ ...told, state, signal: new AbortController().signal },
    // The timer comes by each minute, and each time that fails is a line in the log.
    pauseMs: given.by === 'timer' ? timerPauseMs : undefined,
  });
  return worst;
}

async function resumeOne(known: KnownRun, given: UnattendedGiven): Promise<ExitCode> {
  const { by, globals, overrides } = given;
  const back = await takeBackOverdue(known, { by, globals, overrides });
  if (back !== undefined) return back;
  const host = hostFor(overrides);
  const due = async (state: RunState) => soaksDue(state, await host.boot(), host.clock.now()).length > 0;
  if (by === 'boot') await arrived(known.state.mounts, overrides);
  if (by === 'timer' && !(await due(known.state))) return exitCodes.done;
  const jobs = given.jobs ?? (await preferences()).jobs;
  const goesBack = known.state.status === 'rolling-back';
  const pinned = await (goesBack ? runbookToRollBack : runbookToResume)(known.state, known.place);
  const open = await reopenRun(known, placesOf(globals), overrides);
  return atWork(
    { globals, overrides, open, runbook: pinned?.runbook, notices: [pinned?.notice], unattended: by },
    async (session): Promise<Outcome> => {
      const options = { jobs, pin: pinned?.pin };
      if (by === 'boot') return resumeAfterBoot(session, pinned?.runbook, options);
      const sampled = pinned && (await sampleSoaks(session, pinned.runbook, options));
      return sampled ?? nothingDue;
    },
  );
}

/** Somebody else has looked since. */
const nothingDue: Outcome = {
  status: 'waiting',
  exitCode: exitCodes.done,
  step: undefined,
  message: 'no soak is due to be looked at',
  hint: undefined,
};

async function arrived(points: readonly string[], overrides: Overrides): Promise<void> {
  const missing = await awaitMounts(points, hostFor(overrides), say);
  if (missing.length > 0) say(`going on although nothing is mounted at ${missing.join(', ')}`);
}

/** A failure says more than that something waits. */
function worse(one: ExitCode, other: ExitCode): ExitCode {
  const rank = (code: ExitCode) => (code === exitCodes.done ? 0 : code === exitCodes.waiting ? 1 : 2);
  return rank(other) > rank(one) ? other : one;
}

function say(text: string): void {
  stderr.write(`${text}\n`);
}
