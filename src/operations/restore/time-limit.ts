import { messageOf, StepError } from '../../errors.ts';
import type { ActContext, Command, ExecOptions, Host } from '../../runbook/index.ts';

/** What works under a time limit needs of its context. */
export type Working = Pick<ActContext, 'exec' | 'host' | 'log' | 'note' | 'progress' | 'run' | 'signal'>;

/** Milliseconds; Node's timers take a longer one for none. */
const longestTimer = 2 ** 31 - 1;

/**
 * Works for at most so long: when the time is up, whatever runs is ended, and nothing further begins.
 *
 * @throws StepError `restore.time-limit`, and whatever the work throws
 */
export async function withinLimit<T>(
  context: Working,
  limitMs: number,
  work: (context: Working) => Promise<T>,
): Promise<T> {
  const up = new AbortController();
  // No wait that the host's clock could skip: what runs meanwhile takes its time.
  const timer = setTimeout(() => up.abort(), Math.min(limitMs, longestTimer));
  try {
    return await work(limited(context, up.signal));
  } catch (thrown) {
    if (!up.signal.aborted) throw thrown;
    throw new StepError(
      'restore.time-limit',
      `the restore took longer than its limit of ${Math.round(limitMs / 1000)} s and was ended: ${messageOf(thrown)}`,
      'What was restored so far is kept apart. Give it more time, and go on with: migrate resume',
    );
  } finally {
    clearTimeout(timer);
  }
}

function limited(context: Working, up: AbortSignal): Working {
  const { host } = context;
  const both = (signal: AbortSignal | undefined) =>
    signal === undefined ? up : AbortSignal.any([up, signal]);
  const mustHaveTime = () => {
    if (up.aborted) throw new StepError('restore.time-limit', 'there is no time left');
  };
  const ending: Host = {
    files: host.files,
    clock: host.clock,
    mounts: () => host.mounts(),
    boot: () => host.boot(),
    exec: async (command: Command, options: ExecOptions = {}) => {
      mustHaveTime();
      return host.exec(command, { ...options, signal: both(options.signal) });
    },
  };
  return {
    ...context,
    host: ending,
    signal: both(context.signal),
    exec: async (command, options = {}) => {
      mustHaveTime();
      return context.exec(command, { ...options, signal: both(options.signal) });
    },
  };
}

/** Whether a failure is the end of all work, and no reason to try another source. */
export function endsAll(thrown: unknown, signal: AbortSignal): boolean {
  return signal.aborted || !(thrown instanceof StepError);
}
