import type { Json } from '../../runbook/index.ts';
import { kindOf, kindsOf, type Kind, type ValueSchema } from './schema.ts';

/**
 * The value that a text stands for where a schema is expected. Text stays text where text is allowed and
 * nothing else fits; numbers, booleans, arrays, objects and null are written as JSON.
 * @returns `undefined` when the text stands for no value that the schema takes
 */
export function readValue(text: string, schema: ValueSchema): { readonly value: Json } | undefined {
  const kinds = kindsOf(schema);
  if (kinds.size === 1 && kinds.has('string')) return { value: text };
  const parsed = parseJson(text);
  if (parsed !== undefined && typeof parsed.value !== 'string' && fits(kindOf(parsed.value), kinds))
    return parsed;
  if (kinds.size === 0) return parsed ?? { value: text };
  return kinds.has('string') ? { value: text } : undefined;
}

function fits(kind: Kind, kinds: ReadonlySet<Kind>): boolean {
  return kinds.size === 0 || kinds.has(kind) || (kind === 'integer' && kinds.has('number'));
}

function parseJson(text: string): { readonly value: Json } | undefined {
  try {
    return { value: JSON.parse(text) as Json };
  } catch {
    return undefined;
  }
}
