import { exitCodes, UsageError, type ExitCode } from '../../errors.ts';
import { readLock } from '../../host/lock.ts';
import { fold } from '../../journal/fold.ts';
import type { RunState } from '../../journal/state.ts';
import { endedText } from '../../plan/ended.ts';
import type { Clock } from '../../runbook/index.ts';
import type { Globals } from '../invocation.ts';
import type { KnownRun } from '../runs/known-run.ts';
import { resultAfter } from './last-result.ts';
import { stderr } from '../terminal/process-streams.ts';
import { rendererFor } from '../terminal/renderer.ts';
import { printResult, resultOf, type Conclusion } from '../work/result.ts';
import { tailOf } from './run-tail.ts';
import { interruptible } from '../terminal/signals.ts';
import { withStateOption } from '../options/state-option.ts';
import type { Terminal } from '../terminal/terminal.ts';

const lookEveryMs = 250;

/**
 * Shows a run that another process works on, until that process ends, and what it came to, with its exit code.
 * Whoever breaks it off ends the showing and nothing else.
 *
 * @throws UsageError `attach.idle` when nobody is at the run, nor has left word of what it came to
 */
export async function attachRun(
  { place, state }: KnownRun,
  globals: Globals,
  terminal: Terminal,
  clock: Clock,
): Promise<ExitCode> {
  const atWork = async () => (await readLock(place.folder)) !== undefined;
  if (!(await atWork())) return toldAlready(place, state, globals, terminal);
  const renderer = await rendererFor(globals, terminal, clock);
  const tail = tailOf(place);
  renderer.begin((await tail.next()).events);
  const left = await interruptible(
    () => {},
    async (signal) => {
      renderer.notice(`attached to ${place.id}; Ctrl-C leaves it at work`);
      for (;;) {
        // Looked at first: what it recorded last is there when it has let go.
        const goesOn = await atWork();
        const { events, fresh } = await tail.next();
        for (const live of fresh) renderer.tell(live);
        if (!goesOn) return fold(events);
        if (signal.aborted) return undefined;
        await clock.sleep(lookEveryMs, signal).catch(() => {});
      }
    },
  ).finally(() => renderer.end());
  if (left !== undefined) return conclude(place, left, globals, terminal);
  const again = withStateOption(`migrate attach ${place.id}`, globals.stateDir);
  stderr.write(`${place.id} goes on. See it again: ${again}\n`);
  return exitCodes.interrupted;
}

/** It has ended before anybody looked. */
async function toldAlready(
  place: KnownRun['place'],
  state: RunState,
  globals: Globals,
  terminal: Terminal,
): Promise<ExitCode> {
  const known = (await resultAfter(place, state.lastSeq)) !== undefined || endingOf(state) !== undefined;
  if (known) return conclude(place, state, globals, terminal);
  throw new UsageError(
    'attach.idle',
    `no process works on ${place.id}`,
    `See where it stands: migrate status ${place.id}\nGo on: migrate resume ${place.id}`,
  );
}

async function conclude(
  place: KnownRun['place'],
  state: RunState,
  globals: Globals,
  terminal: Terminal,
): Promise<ExitCode> {
  const document =
    (await resultAfter(place, state.lastSeq)) ??
    resultOf(globals, state, endingOf(state) ?? endedWithoutWord(state), { done: [], tookMs: 0 });
  printResult(globals, terminal, document);
  return document.exitCode as ExitCode;
}

/** What is certain of a run from its journal alone. */
const endings: Partial<Record<RunState['status'], Conclusion>> = {
  completed: { status: 'completed', exitCode: exitCodes.done, message: 'every step is done' },
  'rolled-back': {
    status: 'rolled-back',
    exitCode: exitCodes.done,
    message: 'everything that this run did is undone',
  },
  aborted: { status: 'aborted', exitCode: exitCodes.done, message: 'it was ended without undoing anything' },
};

function endingOf(state: RunState): Conclusion | undefined {
  return state.status === 'ended'
    ? { status: 'ended', exitCode: exitCodes.stepFailed, message: endedText(state) }
    : endings[state.status];
}

function endedWithoutWord({ run, status }: RunState): Conclusion {
  return {
    status: 'interrupted',
    exitCode: exitCodes.interrupted,
    message: 'its process was killed, or ended without a word',
    hint: `Go on with: migrate ${status === 'rolling-back' ? 'rollback' : 'resume'} ${run}`,
  };
}
