import { UsageError } from '../../errors.ts';

/** One `--set key=value`, not yet understood. */
export interface Assignment {
  readonly key: string;
  readonly text: string;
}

/**
 * Splits `key=value` at the first `=`.
 * @throws UsageError `set.form` when there is no `=` or no key
 */
export function readAssignment(argument: string): Assignment {
  const at = argument.indexOf('=');
  if (at <= 0) {
    throw new UsageError(
      'set.form',
      `--set ${argument}: expected key=value`,
      'Such as --set dataset=tank/home; a key within a key is joined by a dot: --set copy.jobs=4',
    );
  }
  return { key: argument.slice(0, at), text: argument.slice(at + 1) };
}
