import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { schemaMeaning } from '../../src/plan/schema-meaning.ts';
import { absolutePath, duration, secret } from '../../src/runbook/index.ts';

/** What operations and runbooks use, and what zod is known to spell out in its own way. */
const broad = z.object({
  name: z.string().min(1).max(9),
  id: z.uuid(),
  address: z.email(),
  count: z.int(),
  port: z.int().min(1).max(65_535),
  ratio: z.number().gt(0).lt(1),
  yes: z.boolean().default(true),
  kind: z.enum(['b', 'a']),
  one: z.literal(1),
  pair: z.tuple([z.string(), z.number()]),
  list: z.array(z.string()).min(1),
  byName: z.record(z.string(), z.number()),
  either: z.union([z.string(), z.null()]),
  told: z.discriminatedUnion('is', [
    z.object({ is: z.literal('x') }),
    z.strictObject({ is: z.literal('y') }),
  ]),
  loose: z.looseObject({ a: z.string().describe('described').optional() }),
  pattern: z.string().regex(/^a+$/),
  at: z.iso.datetime(),
  path: absolutePath,
  wait: duration,
  key: secret('a key'),
});

describe('what a schema means', () => {
  it('is told in words that another version of zod must find too, or every run in progress would seem edited', () => {
    expect(schemaMeaning(broad)).toMatchInlineSnapshot(`
      {
        "properties": {
          "address": {
            "format": "email",
            "type": "string",
          },
          "at": {
            "format": "date-time",
            "type": "string",
          },
          "byName": {
            "additionalProperties": {
              "type": "number",
            },
            "propertyNames": {
              "type": "string",
            },
            "type": "object",
          },
          "count": {
            "type": "integer",
          },
          "either": {
            "type": [
              "null",
              "string",
            ],
          },
          "id": {
            "format": "uuid",
            "type": "string",
          },
          "key": {},
          "kind": {
            "enum": [
              "a",
              "b",
            ],
            "type": "string",
          },
          "list": {
            "items": {
              "type": "string",
            },
            "minItems": 1,
            "type": "array",
          },
          "loose": {
            "additionalProperties": {},
            "properties": {
              "a": {
                "type": "string",
              },
            },
            "type": "object",
          },
          "name": {
            "maxLength": 9,
            "minLength": 1,
            "type": "string",
          },
          "one": {
            "const": 1,
            "type": "number",
          },
          "pair": {
            "items": false,
            "maxItems": 2,
            "minItems": 2,
            "prefixItems": [
              {
                "type": "string",
              },
              {
                "type": "number",
              },
            ],
            "type": "array",
          },
          "path": {
            "type": "string",
          },
          "pattern": {
            "pattern": "^a+$",
            "type": "string",
          },
          "port": {
            "maximum": 65535,
            "minimum": 1,
            "type": "integer",
          },
          "ratio": {
            "exclusiveMaximum": 1,
            "exclusiveMinimum": 0,
            "type": "number",
          },
          "told": {
            "oneOf": [
              {
                "properties": {
                  "is": {
                    "const": "x",
                    "type": "string",
                  },
                },
                "required": [
                  "is",
                ],
                "type": "object",
              },
              {
                "properties": {
                  "is": {
                    "const": "y",
                    "type": "string",
                  },
                },
                "required": [
                  "is",
                ],
                "type": "object",
              },
            ],
          },
          "wait": {},
          "yes": {
            "type": "boolean",
          },
        },
        "required": [
          "address",
          "at",
          "byName",
          "count",
          "either",
          "id",
          "key",
          "kind",
          "list",
          "loose",
          "name",
          "one",
          "pair",
          "path",
          "pattern",
          "port",
          "ratio",
          "told",
          "wait",
          "yes",
        ],
        "type": "object",
      }
    `);
  });

  it.each<[string, z.ZodType, z.ZodType]>([
    ['a description', z.string(), z.string().describe('x')],
    ['a default of an output', z.object({ a: z.string() }), z.object({ a: z.string().default('x') })],
    [
      'the order of keys and of choices',
      z.object({ a: z.enum(['x', 'y']) }),
      z.object({ a: z.enum(['y', 'x']) }),
    ],
    [
      'an object that says it is strict, as it is in JSON',
      z.object({ a: z.string() }),
      z.strictObject({ a: z.string() }),
    ],
  ])('stays with %s', (_, one, other) => {
    expect(schemaMeaning(one)).toEqual(schemaMeaning(other));
  });

  it.each<[string, z.ZodType, z.ZodType]>([
    ['another type', z.object({ a: z.string() }), z.object({ a: z.number() })],
    ['another bound', z.number().max(5), z.number().max(6)],
    ['a key more', z.object({ a: z.string() }), z.object({ a: z.string(), b: z.string() })],
    [
      'a key called as a word of JSON Schema',
      z.object({ title: z.string() }),
      z.object({ description: z.string() }),
    ],
    ['a key that may be missing', z.object({ a: z.string() }), z.object({ a: z.string().optional() })],
    ['another choice', z.enum(['a', 'b']), z.enum(['a', 'c'])],
    ['another pattern', z.string().regex(/a/), z.string().regex(/b/)],
    ['keys of any name', z.object({ a: z.string() }), z.looseObject({ a: z.string() })],
  ])('changes with %s', (_, one, other) => {
    expect(schemaMeaning(one)).not.toEqual(schemaMeaning(other));
  });
});
