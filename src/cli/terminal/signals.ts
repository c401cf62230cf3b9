import { exitCodes, messageOf, StepError } from '../../errors.ts';

const heard = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** Milliseconds for what runs to end in order, after an error that came from nowhere. */
const endingMs = 15_000;

/** Ends the work the calm way, as the first signal does. */
export type Interrupt = (by: string) => void;

/**
 * Does work that the first Ctrl-C, SIGTERM or SIGHUP interrupts and the second ends at once. An error
 * that code of a runbook throws outside of its step, where nobody catches it, interrupts it as well.
 *
 * @param say tells the operator that the first one was heard
 * @throws StepError `runbook.uncaught` for such an error
 */
export async function interruptible<Result>(
  say: (text: string) => void,
  work: (signal: AbortSignal, interrupt: Interrupt) => Promise<Result>,
): Promise<Result> {
  const controller = new AbortController();
  const interrupt: Interrupt = (by) => {
    if (controller.signal.aborted) {
      // A terminal that hangs up says so more than once: the kernel, then the shell.
      if (by === 'SIGHUP') return;
      process.exit(exitCodes.interrupted);
    }
    controller.abort(by);
    say(`${by}: ending what runs, then stopping; once more to stop at once`);
  };
  let uncaught: { readonly error: unknown } | undefined;
  const stop = (error: unknown) => {
    if (isHangUp(error)) {
      if (!controller.signal.aborted) interrupt('SIGHUP');
      return;
    }
    if (uncaught !== undefined) return;
    uncaught = { error };
    // Whatever waits for the code that failed may wait for ever.
    setTimeout(() => process.exit(exitCodes.stepFailed), endingMs).unref();
    if (!controller.signal.aborted) interrupt('an error that nobody caught');
  };
  for (const signal of heard) process.on(signal, interrupt);
  process.on('uncaughtException', stop);
  // Without this Node.js ends in the middle when a runbook's code waits for what never comes.
  const awake = setInterval(() => {}, 2 ** 30);
  try {
    const result = await work(controller.signal, interrupt);
    if (uncaught === undefined) return result;
    throw uncaughtError(uncaught.error);
  } finally {
    clearInterval(awake);
    for (const signal of heard) process.off(signal, interrupt);
    process.off('uncaughtException', stop);
  }
}

/** A question that stood on a terminal which is gone by now wants to put it back as it was. */
function isHangUp(error: unknown): boolean {
  const failed = error as NodeJS.ErrnoException | null;
  return failed?.code === 'EIO' && failed.syscall === 'setRawMode';
}

function uncaughtError(error: unknown): StepError {
  const place = error instanceof Error ? /\bat .*\(?file:.*$/m.exec(error.stack ?? '')?.[0] : undefined;
  return new StepError(
    'runbook.uncaught',
    `an error that no step caught stopped the run: ${messageOf(error)}`,
    [place, 'Most likely a promise in the runbook is not awaited. Mend it, then: migrate resume']
      .filter((line) => line !== undefined)
      .join('\n'),
    error,
  );
}
