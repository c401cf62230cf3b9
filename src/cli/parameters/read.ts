import type { z } from 'zod';
import { UsageError } from '../../errors.ts';
import { assemble, unknownKeys } from './assemble.ts';
import { readAssignment } from './assignment.ts';
import { readParametersFile } from './parameters-file.ts';
import { problemText } from './problem.ts';
import { valueSchemaOf } from './schema.ts';

export interface Given {
  /** `key=value`, as typed. */
  readonly set: readonly string[];
  readonly file?: string | undefined;
}

/**
 * Reads values from `--params` and `--set`, the latter winning, and checks them all at once.
 *
 * @param schema of a runbook's parameters or a gate's input
 * @param of what they belong to, for messages: `the runbook move-home`
 * @param hint where the operator finds what is allowed
 * @returns the parsed values, defaults included
 * @throws UsageError `params.invalid` that names every key, its value and what is allowed
 */
export async function readParameters(
  schema: z.ZodObject,
  given: Given,
  of: string,
  hint: string,
): Promise<Record<string, unknown>> {
  const allowed = valueSchemaOf(schema);
  const base = given.file === undefined ? {} : await readParametersFile(given.file);
  const problems = unknownKeys(base, allowed);
  const input = assemble(base, given.set.map(readAssignment), allowed, problems);
  const result = await schema.safeParseAsync(input);
  if (!result.success) {
    // What could not even be read is missing now, and was complained about already.
    const unread = given.set.map((text) => readAssignment(text).key.split('.')[0]);
    const said = new Set(
      problems.length === 0 ? [] : unread.filter((key) => key !== undefined && !(key in input)),
    );
    const issues = result.error.issues.filter(({ path }) => !said.has(String(path[0])));
    problems.push(...issues.map((issue) => problemText(issue, input, allowed)));
  }
  if (result.success && problems.length === 0) return result.data;
  const list = problems.map((problem) => `  - ${problem}`).join('\n');
  throw new UsageError('params.invalid', `what is given for ${of} does not fit:\n${list}`, hint);
}
