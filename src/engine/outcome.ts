import { exitCodes, type ExitCode } from '../errors.ts';

/** How an invocation ended, as data. */
export interface Outcome {
  readonly status:
    | 'completed'
    | 'ended'
    | 'reached'
    | 'waiting'
    | 'failed'
    | 'interrupted'
    | 'rolled-back'
    | 'rollback-incomplete';
  readonly exitCode: ExitCode;
  /** The step that decided it. */
  readonly step: string | undefined;
  readonly message: string;
  /** The way on. */
  readonly hint: string | undefined;
  /** The runbook may be run again at once, and all of it is asked anew. */
  readonly anew?: true;
}

const exitCodeOf: Record<Outcome['status'], ExitCode> = {
  completed: exitCodes.done,
  ended: exitCodes.stepFailed,
  reached: exitCodes.done,
  waiting: exitCodes.waiting,
  failed: exitCodes.stepFailed,
  interrupted: exitCodes.interrupted,
  'rolled-back': exitCodes.done,
  'rollback-incomplete': exitCodes.rollbackIncomplete,
};

export function outcome(
  status: Outcome['status'],
  message: string,
  more: { step?: string | undefined; hint?: string | undefined; anew?: boolean } = {},
): Outcome {
  const { step, hint, anew } = more;
  return {
    ...{ status, exitCode: exitCodeOf[status], message, step, hint },
    ...(anew === true ? { anew } : {}),
  };
}
