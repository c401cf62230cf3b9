import { MigrateError, messageOf } from '../errors.ts';
import type { Failure } from '../journal/event.ts';

/** What the journal keeps of anything thrown. */
export function failureOf(thrown: unknown): Failure {
  if (thrown instanceof MigrateError) {
    return {
      code: thrown.code,
      message: thrown.message,
      ...(thrown.hint === undefined ? {} : { hint: thrown.hint }),
    };
  }
  const code =
    thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string'
      ? thrown.code
      : 'step.threw';
  return { code, message: messageOf(thrown) };
}
