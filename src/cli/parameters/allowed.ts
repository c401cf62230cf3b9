import { kindsOf, type Kind, type ValueSchema } from './schema.ts';

const kindWords: Record<Kind, string> = {
  string: 'text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  array: 'a JSON array',
  object: 'a JSON object',
  null: 'null',
};

const formatWords: Readonly<Record<string, string>> = {
  uri: 'a URL',
  uuid: 'a UUID',
  email: 'an e-mail address',
  'date-time': 'a time such as 2026-11-21T14:00:00Z',
  date: 'a date such as 2026-11-21',
  ipv4: 'an IPv4 address',
  ipv6: 'an IPv6 address',
};

/** What a schema allows, in words: `one of "a", "b"`, `a whole number from 0 to 5`, `text that begins with "/"`. */
export function allowedBy(schema: ValueSchema): string {
  if (schema.secret === true) return 'env:NAME or file:/absolute/path, where the secret lies';
  if (schema.expects !== undefined) return schema.expects;
  const values = schema.const === undefined ? schema.enum : [schema.const];
  if (values !== undefined) {
    const list = values.map((value) => JSON.stringify(value)).join(', ');
    return values.length === 1 ? list : `one of ${list}`;
  }
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (alternatives !== undefined) return [...new Set(alternatives.map(allowedBy))].join(', or ');
  const kinds = [...kindsOf(schema)];
  return kinds.length === 0 ? 'anything' : kinds.map((kind) => inWords(kind, schema)).join(', or ');
}

function inWords(kind: Kind, schema: ValueSchema): string {
  if (kind === 'string') return text(schema);
  if (kind === 'number' || kind === 'integer') return `${kindWords[kind]}${range(schema)}`;
  if (kind === 'array' && typeof schema.items === 'object')
    return `${kindWords.array} of ${allowedBy(schema.items)}`;
  if (kind === 'object' && schema.properties !== undefined) {
    return `${kindWords.object} with ${Object.keys(schema.properties).join(', ')}`;
  }
  return kindWords[kind];
}

function text(schema: ValueSchema): string {
  const { format, pattern } = schema;
  if (format !== undefined && formatWords[format] !== undefined) return formatWords[format];
  const start = format === 'starts_with' ? /^\^(.*?)(\.\*)?$/.exec(pattern ?? '')?.[1] : undefined;
  if (start !== undefined) return `text that begins with ${JSON.stringify(start.replaceAll('\\', ''))}`;
  if (pattern !== undefined) return `text that matches ${pattern}`;
  return (schema.minLength ?? 0) > 0 ? 'text that is not empty' : 'text';
}

function range(schema: ValueSchema): string {
  // zod bounds every integer by what a double can hold, which is no news to anybody.
  const low = schema.minimum === Number.MIN_SAFE_INTEGER ? undefined : schema.minimum;
  const high = schema.maximum === Number.MAX_SAFE_INTEGER ? undefined : schema.maximum;
  const parts = [
    low !== undefined && high !== undefined ? `from ${low} to ${high}` : undefined,
    low !== undefined && high === undefined ? `of at least ${low}` : undefined,
    high !== undefined && low === undefined ? `of at most ${high}` : undefined,
    schema.exclusiveMinimum === undefined ? undefined : `above ${schema.exclusiveMinimum}`,
    schema.exclusiveMaximum === undefined ? undefined : `below ${schema.exclusiveMaximum}`,
  ].filter((part) => part !== undefined);
  return parts.length === 0 ? '' : ` ${parts.join(' and ')}`;
}
