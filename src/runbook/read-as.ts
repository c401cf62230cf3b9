import type { z } from 'zod';
import { messageOf } from '../errors.ts';
import { issueText } from './issue-text.ts';

/** A value that fits, or what is wrong with it, as lines. */
type Read<Data> =
  | { readonly data: Data; readonly problems?: undefined }
  | { readonly data?: undefined; readonly problems: readonly string[] };

/**
 * Reads what a module gave by a schema. What throws while it is looked at, such as a getter or a length that
 * is no number, is wrong as anything else is.
 *
 * @param known the keys that the value may have, for a suggestion
 */
export function readAs<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  known: readonly string[] = [],
): Read<z.output<Schema>> {
  try {
    const parsed = schema.safeParse(value);
    if (parsed.success) return { data: parsed.data };
    return { problems: parsed.error.issues.map((issue) => issueText(issue, known)) };
  } catch (thrown) {
    return { problems: [`it cannot be read: ${messageOf(thrown)}`] };
  }
}
