import type { z } from 'zod';
import { allowedBy } from './allowed.ts';
import { isTree, type Tree } from './assemble.ts';
import { schemaAt, type ValueSchema } from './schema.ts';

/** What is wrong with a value, for the operator who gave it: its key, the value and what is allowed. */
export function problemText(issue: z.core.$ZodIssue, input: Tree, schema: ValueSchema): string {
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
