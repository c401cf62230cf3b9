import type { CopyProgress } from './progress-report.ts';

/** What copying needs of whoever calls it. */
export interface CopyMachine {
  /** Runs a command to its end and gives any exit code. */
  readonly run: (
    argv: readonly [string, ...string[]],
    options?: {
      readonly env?: Readonly<Record<string, string>>;
      /** Lines of standard output; they are then too many to log. */
      readonly onLine?: (line: string) => void;
      readonly signal?: AbortSignal;
    },
  ) => Promise<{ readonly exitCode: number | null; readonly stderr: string }>;
  /** Has the disk that holds a folder write what waits in memory. Rejects when it could not. */
  readonly flush: (folder: string, signal: AbortSignal) => Promise<unknown>;
  /** Throws unless the target is where it is expected. Asked before each write, after it, and in between. */
  readonly guard: () => Promise<void>;
  readonly progress: (progress: CopyProgress) => void;
  /** A line for people. */
  readonly log: (line: string) => void;
  /** Milliseconds of a clock that does not jump. */
  readonly now: () => number;
  /** ISO 8601, UTC. */
  readonly date: () => string;
  readonly signal: AbortSignal;
}

const guardEveryMs = 5_000;

/** Runs a command that writes to the target, and ends it when the target is no longer there. */
export async function guarded<T>(
  machine: CopyMachine,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  await machine.guard();
  const gone = new AbortController();
  const timer = setInterval(() => {
    machine.guard().catch((error: unknown) => gone.abort(error));
  }, guardEveryMs);
  try {
    return await work(AbortSignal.any([machine.signal, gone.signal]));
  } catch (error) {
    if (gone.signal.aborted) throw gone.signal.reason;
    await machine.guard();
    throw error;
  } finally {
    clearInterval(timer);
  }
}
