import { setTimeout } from 'node:timers/promises';
import { confirmable, confirmByHand, mustBeOpen } from '../../engine/index.ts';
import { exitCodes, LockedError, type ExitCode } from '../../errors.ts';
import { requestConfirmation } from '../../host/confirmations.ts';
import { readJournal } from '../../host/journal-file.ts';
import { readLock } from '../../host/lock.ts';
import { fold } from '../../journal/fold.ts';
import { stepState, type RunState } from '../../journal/state.ts';
import { atWork } from './at-work.ts';
import { hostFor } from './host-for.ts';
import { hungProcess, refuseHung } from '../unattended/hung-run.ts';
import type { Globals, Overrides } from '../invocation.ts';
import type { KnownRun } from '../runs/known-run.ts';
import type { OpenRun } from '../runs/open-run.ts';
import type { Places } from '../runs/places.ts';
import { reopenRun } from '../runs/reopen-run.ts';
import { printResult, resultOf, type Conclusion } from './result.ts';
import { terminalOf } from '../terminal/terminal.ts';

/** Milliseconds for the process that waits to take notice. */
const heardWithinMs = 30_000;
const lookEveryMs = 100;

/** Whether a run knows a step that is, or was, to be confirmed. */
export function isArmed(state: RunState, id: string): boolean {
  return state.steps.get(id)?.deadline !== undefined;
}

/**
 * Confirms that the machine can still be reached: through the process that waits for it, since it holds
 * the run's lock; or, where none lives, by the journal itself.
 *
 * @throws whatever `confirmable` throws; MigrateError `confirm.hung`; LockedError `confirm.unheard` when the
 *   process that holds the run takes no notice
 */
export async function confirmStep(
  known: KnownRun,
  step: string,
  given: { readonly places: Places; readonly globals: Globals; readonly overrides: Overrides },
): Promise<ExitCode> {
  const { places, globals, overrides } = given;
  const host = hostFor(overrides);
  const deadline = performance.now() + heardWithinMs;
  for (;;) {
    const state = fold((await readJournal(known.place.journal)).events);
    // Whoever heard it may be at the end of the run by now.
    if (stepState(state, step).deadline?.decided !== 'confirmed') mustBeOpen(state);
    const hung = await hungProcess({ ...known, state }, { clock: host.clock, boot: await host.boot() });
    if (hung !== undefined) refuseHung(hung, state.run);
    const standing = confirmable(state, step, host.clock.now(), await host.boot());
    if (standing.is === 'already') {
      const conclusion = said(step, state, 'at-work');
      printResult(
        globals,
        await terminalOf(globals),
        resultOf(globals, state, conclusion, { done: [], tookMs: 0 }),
      );
      return conclusion.exitCode;
    }
    const open = await openUnlessAtWork(known, places, overrides);
    if (open !== undefined) return confirmAlone(open, step, globals, overrides);
    await requestConfirmation(known.place.folder, step, standing.deadline.armedSeq);
    if (performance.now() >= deadline) throw await unheard(known, step);
    await setTimeout(lookEveryMs);
  }
}

function confirmAlone(
  open: OpenRun,
  step: string,
  globals: Globals,
  overrides: Overrides,
): Promise<ExitCode> {
  return atWork({ globals, overrides, open, runbook: undefined, silent: true }, async (session) => {
    mustBeOpen(session.state);
    await confirmByHand(session, step);
    return said(step, session.state, 'alone');
  });
}

async function openUnlessAtWork(
  known: KnownRun,
  places: Places,
  overrides: Overrides,
): Promise<OpenRun | undefined> {
  if ((await readLock(known.place.folder)) !== undefined) return undefined;
  try {
    return await reopenRun(known, places, overrides);
  } catch (thrown) {
    // Somebody was faster.
    if (thrown instanceof LockedError && thrown.code === 'lock.held') return undefined;
    throw thrown;
  }
}

function said(step: string, { run }: RunState, by: 'at-work' | 'alone'): Conclusion {
  return {
    status: 'opened',
    exitCode: exitCodes.done,
    step,
    message: `"${step}" is confirmed, and stays`,
    ...(by === 'alone' ? { hint: `Go on with: migrate resume ${run}` } : {}),
  };
}

async function unheard({ place, state }: KnownRun, step: string): Promise<LockedError> {
  const owner = await readLock(place.folder);
  const { withinMs } = stepState(state, step).deadline ?? { withinMs: 0 };
  return new LockedError(
    'confirm.unheard',
    `process ${owner?.pid ?? 'unknown'} holds ${place.id} and takes no notice of the confirmation of "${step}"`,
    `It stays valid for that process, should it wake up. Else the step is taken back after ${Math.round(withinMs / 1000)} s from its start.`,
  );
}
