import { exitCodes } from '../errors.ts';

const heard = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Ends the work the calm way, as the first signal does. */
export type Interrupt = (by: string) => void;

/**
 * Does work that the first Ctrl-C, SIGTERM or SIGHUP interrupts and the second ends at once.
 *
 * @param say tells the operator that the first one was heard
 */
export async function interruptible<Result>(
  say: (text: string) => void,
  work: (signal: AbortSignal, interrupt: Interrupt) => Promise<Result>,
): Promise<Result> {
  const controller = new AbortController();
  const interrupt: Interrupt = (by) => {
    if (controller.signal.aborted) process.exit(exitCodes.interrupted);
    controller.abort(by);
    say(`${by}: ending what runs, then stopping; once more to stop at once`);
  };
  for (const signal of heard) process.on(signal, interrupt);
  // Without this Node.js ends in the middle when a runbook's code waits for what never comes.
  const awake = setInterval(() => {}, 2 ** 30);
  try {
    return await work(controller.signal, interrupt);
  } finally {
    clearInterval(awake);
    for (const signal of heard) process.off(signal, interrupt);
  }
}
