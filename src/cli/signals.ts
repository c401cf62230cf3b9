import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
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
  // A handler would undo `nohup`, which has the signal ignored.
  const signals = heard.filter((signal) => !isIgnored(signal));
  for (const signal of signals) process.on(signal, interrupt);
  try {
    return await work(controller.signal, interrupt);
  } finally {
    for (const signal of signals) process.off(signal, interrupt);
  }
}

function isIgnored(signal: (typeof heard)[number]): boolean {
  if (signal !== 'SIGHUP') return false;
  try {
    const mask = /^SigIgn:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    return mask !== undefined && (BigInt(`0x${mask}`) & (1n << BigInt(constants.signals[signal] - 1))) !== 0n;
  } catch {
    return false;
  }
}
