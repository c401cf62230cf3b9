import { z } from 'zod';

/*
 * What a schema takes, in words that another version of zod says alike. Of what z.toJSONSchema gives, only
 * what decides about values is kept; not what describes them, nor what zod adds of its own accord.
 */

const deciding = new Set([
  ...['type', 'const', 'enum', 'anyOf', 'allOf', 'oneOf', 'not', 'properties', 'required', 'items'],
  ...['prefixItems', 'additionalProperties', 'propertyNames', 'format', 'pattern', 'minLength', 'maxLength'],
  ...['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf', 'minItems', 'maxItems'],
  ...['minProperties', 'maxProperties', 'uniqueItems', '$ref', '$defs', 'definitions'],
]);

/** Keys whose members are named by the author. */
const named = new Set(['properties', '$defs', 'definitions']);

/** `undefined` for no schema; `custom` for one that only code can tell of. */
export function schemaMeaning(schema: z.ZodType | undefined): unknown {
  if (schema === undefined) return undefined;
  try {
    return normal(z.toJSONSchema(schema, { unrepresentable: 'any' }));
  } catch {
    return 'custom';
  }
}

function normal(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(normal);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, inner]) => deciding.has(key) && !isAddedByZod(key, inner, value))
      .map(([key, inner]) => [key, named.has(key) ? mapValues(inner as object) : plain(key, inner)]),
  );
}

function mapValues(members: object): object {
  return Object.fromEntries(Object.entries(members).map(([name, inner]) => [name, normal(inner)]));
}

/** The order in which alternatives or names are listed has no meaning. */
function plain(key: string, inner: unknown): unknown {
  const value = key === 'const' || key === 'enum' ? inner : normal(inner);
  if (!['enum', 'required', 'type'].includes(key) || !Array.isArray(value)) return value;
  return value.toSorted((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1));
}

/** Bounds of what JavaScript counts exactly, the pattern that spells a format out, and what objects refuse anyway. */
function isAddedByZod(key: string, inner: unknown, of: object): boolean {
  if (key === 'minimum' || key === 'maximum') return Math.abs(Number(inner)) === Number.MAX_SAFE_INTEGER;
  if (key === 'pattern') return 'format' in of;
  return key === 'additionalProperties' && inner === false;
}
