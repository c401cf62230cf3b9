import { didYouMean } from '../../runbook/suggestion.ts';
import { allowedBy } from './allowed.ts';
import type { Assignment } from './assignment.ts';
import { propertiesOf, schemaAt, type ValueSchema } from './schema.ts';
import { readValue } from './value.ts';

export type Tree = Record<string, unknown>;

/**
 * Puts assignments into a copy of a base, each value read as its schema wants it.
 * @param problems gets a line for everything that does not fit
 */
export function assemble(
  base: Readonly<Tree>,
  assignments: readonly Assignment[],
  schema: ValueSchema,
  problems: string[],
): Tree {
  const result = structuredClone(base) as Tree;
  for (const assignment of assignments) {
    const path = pathOf(assignment.key, schema);
    const place = placeOf(path, schema);
    if ('unknown' in place) {
      problems.push(place.unknown);
      continue;
    }
    const read = readValue(assignment.text, place.schema);
    if (read === undefined) {
      const given = place.schema.secret === true ? 'what was given' : JSON.stringify(assignment.text);
      problems.push(`${assignment.key}: ${given} is not ${allowedBy(place.schema)}`);
      continue;
    }
    put(result, path, read.value);
  }
  return result;
}

/** Lines for all keys of a tree that the schema does not know. */
export function unknownKeys(
  tree: Readonly<Tree>,
  schema: ValueSchema,
  above: readonly string[] = [],
): string[] {
  return Object.entries(tree).flatMap(([key, value]) => {
    const path = [...above, key];
    const inner = schemaAt(schema, key);
    if (inner === undefined) return [unknown(path, schema)];
    return isTree(value) && propertiesOf(inner) !== undefined ? unknownKeys(value, inner, path) : [];
  });
}

/** A key that stands as a whole in the schema may hold dots; else dots lead inwards. */
function pathOf(key: string, schema: ValueSchema): string[] {
  return schema.properties !== undefined && Object.hasOwn(schema.properties, key) ? [key] : key.split('.');
}

function placeOf(
  path: readonly string[],
  schema: ValueSchema,
): { schema: ValueSchema } | { unknown: string } {
  let current = schema;
  for (const [index, key] of path.entries()) {
    const inner = key === '__proto__' || key === '' ? undefined : schemaAt(current, key);
    if (inner === undefined) return { unknown: unknown(path.slice(0, index + 1), current) };
    current = inner;
  }
  return { schema: current };
}

function unknown(path: readonly string[], schema: ValueSchema): string {
  const known = Object.keys(propertiesOf(schema) ?? {});
  const above = path.slice(0, -1);
  const suggestion = didYouMean(path.at(-1) ?? '', known);
  const list = known.length === 0 ? ' It takes none.' : ` There are: ${known.join(', ')}.`;
  const where = above.length === 0 ? '' : ` in ${above.join('.')}`;
  return `${path.join('.')}: there is no such key${where}.${suggestion === '' ? list : suggestion}`;
}

function put(tree: Tree, path: readonly string[], value: unknown): void {
  const [key, ...rest] = path;
  if (key === undefined) return;
  if (rest.length === 0) {
    tree[key] = value;
    return;
  }
  const inner = tree[key];
  const next: Tree = isTree(inner) ? inner : {};
  tree[key] = next;
  put(next, rest, value);
}

export function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
