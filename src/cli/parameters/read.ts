import type { z } from 'zod';
import { UsageError } from '../../errors.ts';
import { allowedBy } from './allowed.ts';
import { assemble, isTree, unknownKeys, type Tree } from './assemble.ts';
import { readAssignment } from './assignment.ts';
import { readParametersFile } from './parameters-file.ts';
import { schemaAt, valueSchemaOf, type ValueSchema } from './schema.ts';

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

function problemText(issue: z.core.$ZodIssue, input: Tree, schema: ValueSchema): string {
  const path = issue.path.map(String);
  if (path.length === 0) return issue.message;
  const at = schemaOf(path, schema);
  const value = valueAt(path, input);
  const allowed = allowedBy(at);
  const what = at.description === undefined ? '' : ` (${at.description})`;
  if (value === undefined) return `${path.join('.')} is missing: give ${allowed}${what}`;
  // Whoever types a secret where its reference belongs must not find it in a log as well.
  if (at.secret === true) return `${path.join('.')}: expected ${allowed}, never the secret itself`;
  // The author's own words say more than a pattern; zod's own begin with one of these.
  const own = /^(Invalid|Too (big|small)|Unrecognized)\b/.test(issue.message) ? undefined : issue.message;
  return `${path.join('.')} = ${shortened(value)}: ${own ?? `allowed is ${allowed}`}${what}`;
}

function schemaOf(path: readonly string[], schema: ValueSchema): ValueSchema {
  return path.reduce<ValueSchema>((current, key) => {
    if (/^\d+$/.test(key) && typeof current.items === 'object') return current.items;
    return schemaAt(current, key) ?? {};
  }, schema);
}

function valueAt(path: readonly string[], input: Tree): unknown {
  return path.reduce<unknown>((value, key) => {
    if (Array.isArray(value)) return value[Number(key)];
    return isTree(value) ? value[key] : undefined;
  }, input);
}

function shortened(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}
