import { z } from 'zod';
import type { Json } from '../../runbook/index.ts';

/** The part of JSON Schema that zod writes and this program reads. */
export interface ValueSchema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly Json[];
  readonly const?: Json;
  readonly anyOf?: readonly ValueSchema[];
  readonly oneOf?: readonly ValueSchema[];
  readonly allOf?: readonly ValueSchema[];
  readonly properties?: Readonly<Record<string, ValueSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | ValueSchema;
  readonly items?: ValueSchema | boolean;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly minLength?: number;
  readonly format?: string;
  readonly pattern?: string;
  readonly default?: Json;
  readonly description?: string;
  readonly title?: string;
  /** In words, where the schema says it better than its parts. */
  readonly expects?: string;
  /** Set by `secret()`. */
  readonly secret?: boolean;
}

/** What an operator may write for a schema: before defaults and transformations. */
export function valueSchemaOf(schema: z.ZodType): ValueSchema {
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as ValueSchema;
}

export type Kind = 'string' | 'number' | 'integer' | 'boolean' | 'array' | 'object' | 'null';

/** The kinds of value that a schema takes; empty when it takes any. */
export function kindsOf(schema: ValueSchema): ReadonlySet<Kind> {
  const values = schema.const === undefined ? schema.enum : [schema.const];
  if (values !== undefined) return new Set(values.map(kindOf));
  if (schema.type !== undefined) return new Set([schema.type].flat() as Kind[]);
  const alternatives = (schema.anyOf ?? schema.oneOf)?.map(kindsOf);
  if (alternatives !== undefined) {
    return alternatives.some((kinds) => kinds.size === 0)
      ? new Set()
      : new Set(alternatives.flatMap((kinds) => [...kinds]));
  }
  return (schema.allOf ?? []).map(kindsOf).find((kinds) => kinds.size > 0) ?? new Set();
}

export function kindOf(value: unknown): Kind {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value as Kind;
}

/** The keys of an object's schema with theirs, alternatives included; `undefined` when any key goes. */
export function propertiesOf(schema: ValueSchema): Readonly<Record<string, ValueSchema>> | undefined {
  const parts = [schema, ...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])];
  if (parts.some((part) => part.additionalProperties !== undefined && part.additionalProperties !== false)) {
    return undefined;
  }
  const known = parts.filter((part) => part.properties !== undefined);
  return known.length === 0 ? undefined : Object.assign({}, ...known.map((part) => part.properties));
}

/** The schema of what lies at a key; `undefined` when there can be no such key. */
export function schemaAt(schema: ValueSchema, key: string): ValueSchema | undefined {
  const parts = [schema, ...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])];
  for (const part of parts) {
    if (part.properties !== undefined && Object.hasOwn(part.properties, key)) return part.properties[key];
  }
  for (const { additionalProperties: rest } of parts) {
    if (rest !== undefined && rest !== false) return rest === true ? {} : rest;
  }
  // A schema that says nothing at all takes anything.
  return kindsOf(schema).size === 0 && propertiesOf(schema) === undefined ? {} : undefined;
}
