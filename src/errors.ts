/** Exit codes of the command line; documented in docs/exit-codes.md. */
export const exitCodes = {
  done: 0,
  stepFailed: 1,
  usage: 2,
  waiting: 3,
  locked: 4,
  rollbackIncomplete: 5,
  stateDamaged: 6,
  /** Of `migrate check`: what was found is not all as it should be, and no failure. */
  partial: 7,
  /** Of `migrate check`: something could not be found out here. */
  blocked: 8,
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/**
 * The base of every error that a person is meant to read: what happened and where,
 * and in `hint` the way out. Anything else that is thrown is a defect of this program.
 */
export class MigrateError extends Error {
  /** Stable and machine-readable, such as `runbook.duplicate-step`. */
  readonly code: string;
  readonly exitCode: ExitCode;
  /** The way out, as one or more lines to show below the message. */
  readonly hint: string | undefined;

  constructor(
    code: string,
    message: string,
    options: { exitCode: ExitCode; hint?: string | undefined; cause?: unknown },
  ) {
    super(message, { cause: options.cause });
    this.name = 'MigrateError';
    this.code = code;
    this.exitCode = options.exitCode;
    this.hint = options.hint;
  }
}

/** Bad usage, parameters or runbook: exit 2, and nothing has changed. */
export class UsageError extends MigrateError {
  constructor(code: string, message: string, hint?: string, cause?: unknown) {
    super(code, message, { exitCode: exitCodes.usage, hint, cause });
    this.name = 'UsageError';
  }
}

/** A journal or state folder that cannot be trusted: exit 6, and nothing was written. */
export class StateError extends MigrateError {
  constructor(code: string, message: string, hint?: string, cause?: unknown) {
    super(code, message, { exitCode: exitCodes.stateDamaged, hint, cause });
    this.name = 'StateError';
  }
}

/** A run or a resource that another process or run holds: exit 4, and nothing was changed. */
export class LockedError extends MigrateError {
  constructor(code: string, message: string, hint?: string, cause?: unknown) {
    super(code, message, { exitCode: exitCodes.locked, hint, cause });
    this.name = 'LockedError';
  }
}

/** An act, a verification or an undo that did not succeed: exit 1 unless the caller says otherwise. */
export class StepError extends MigrateError {
  constructor(code: string, message: string, hint?: string, cause?: unknown) {
    super(code, message, { exitCode: exitCodes.stepFailed, hint, cause });
    this.name = 'StepError';
  }
}

/** The message of anything thrown, for a person. */
export function messageOf(thrown: unknown): string {
  try {
    return String(thrown instanceof Error ? thrown.message : thrown);
  } catch {
    return 'something was thrown that does not say what it is';
  }
}
