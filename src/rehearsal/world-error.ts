import { exitCodes, MigrateError } from '../errors.ts';

/** A world that cannot be built, does not boot or broke: not a verdict on the runbook. Exit 1. */
export class WorldError extends MigrateError {
  constructor(code: string, message: string, hint?: string, cause?: unknown) {
    super(code, message, { exitCode: exitCodes.stepFailed, hint, cause });
    this.name = 'WorldError';
  }
}
