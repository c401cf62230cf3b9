import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { readParameters } from '../../../src/cli/parameters/read.ts';
import { MigrateError } from '../../../src/errors.ts';
import { secret } from '../../../src/runbook/index.ts';

const schema = z.object({
  dataset: z.string().default('tank/home'),
  retries: z.int().min(0).max(9).default(3),
  ratio: z.number().optional(),
  fast: z.boolean().default(false),
  mode: z.enum(['copy', 'move']).default('copy'),
  units: z.array(z.string()).default([]),
  either: z.union([z.string(), z.number()]).optional(),
  copy: z.object({ jobs: z.int().default(1), label: z.string().nullable().default(null) }).prefault({}),
  labels: z.record(z.string(), z.number()).default({}),
  password: secret('of the backup').optional(),
  target: z.string().startsWith('/').default('/mnt').describe('where to'),
});

function read(set: string[], file?: string): Promise<Record<string, unknown>> {
  return readParameters(schema, { set, file }, 'the runbook move-home', 'migrate show move-home');
}

async function refusal(set: string[], file?: string): Promise<MigrateError> {
  const thrown: unknown = await read(set, file).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(thrown instanceof MigrateError)) throw new Error(`not refused: ${String(thrown)}`);
  expect(thrown.exitCode).toBe(2);
  return thrown;
}

function file(content: string, name = 'params.json'): string {
  const folder = mkdtempSync(join(tmpdir(), 'migrate-params-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

describe('a value given with --set', () => {
  test.each([
    ['dataset=tank/new', { dataset: 'tank/new' }],
    ['dataset=42', { dataset: '42' }],
    ['dataset=', { dataset: '' }],
    ['dataset=a=b', { dataset: 'a=b' }],
    ['retries=5', { retries: 5 }],
    ['ratio=0.5', { ratio: 0.5 }],
    ['fast=true', { fast: true }],
    ['units=["a.service","b.timer"]', { units: ['a.service', 'b.timer'] }],
    ['either=7', { either: 7 }],
    ['either=seven', { either: 'seven' }],
    ['copy.jobs=4', { copy: { jobs: 4, label: null } }],
    ['copy.label=x', { copy: { jobs: 1, label: 'x' } }],
    ['copy={"jobs":2}', { copy: { jobs: 2, label: null } }],
    ['labels.new=3', { labels: { new: 3 } }],
    ['password=env:RESTIC_PASSWORD', { password: { secret: 'env', name: 'RESTIC_PASSWORD' } }],
  ])('%s is read as its schema wants it', async (set, expected) => {
    expect(await read([set])).toMatchObject(expected);
  });

  test('stays exactly the text that was typed where text is wanted', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), async (text) => {
        expect((await read([`dataset=${text}`]))['dataset']).toBe(text);
      }),
    );
  });

  test('wins over the file, and the last over those before', async () => {
    const params = file('{"retries": 1, "fast": true}');
    expect(await read(['retries=2', 'retries=4'], params)).toMatchObject({ retries: 4, fast: true });
  });
});

describe('a value that does not fit', () => {
  test.each([
    ['retries=three', 'retries: "three" is not a whole number from 0 to 9'],
    ['retries=10', 'retries = 10: allowed is a whole number from 0 to 9'],
    ['retries=1.5', 'retries: "1.5" is not a whole number from 0 to 9'],
    ['fast=yes', 'fast: "yes" is not true or false'],
    ['mode=link', 'mode = "link": allowed is one of "copy", "move"'],
    ['units=a', 'units: "a" is not a JSON array of text'],
    ['copy.jobs=x', 'copy.jobs: "x" is not a whole number'],
    ['target=mnt', 'target = "mnt": allowed is text that begins with "/" (where to)'],
    ['labels.new=x', 'labels.new: "x" is not a number'],
  ])('%s is refused with the key, the value and what is allowed', async (set, message) => {
    expect((await refusal([set])).message).toContain(message);
  });

  test.each([
    ['datset=x', 'datset: there is no such key. Did you mean "dataset"?'],
    ['copy.job=2', 'copy.job: there is no such key in copy. Did you mean "jobs"?'],
    ['something=1', 'There are: dataset, retries, ratio'],
    ['__proto__.x=1', '__proto__: there is no such key'],
    ['dataset.name=x', 'dataset.name: there is no such key in dataset. It takes none.'],
  ])('%s is refused with what was probably meant', async (set, message) => {
    expect((await refusal([set])).message).toContain(message);
  });

  test('is told together with all others', async () => {
    const { message } = await refusal(['retries=x', 'mdoe=copy', 'target=mnt']);
    expect(message.match(/^ {2}- /gm)).toHaveLength(3);
  });

  test('is never shown when it should have been a reference to a secret', async () => {
    const { message, hint } = await refusal(['password=hunter2']);
    expect(`${message}${hint}`).not.toContain('hunter2');
    expect(message).toContain('password: expected env:NAME or file:/absolute/path');
  });

  test('that is missing is named with what it is', async () => {
    const needed = z.object({ uuid: z.uuid().describe('of the file system') });
    await expect(readParameters(needed, { set: [] }, 'x', 'h')).rejects.toThrow(
      'uuid is missing: give a UUID (of the file system)',
    );
  });

  test('speaks in the words of the runbook where it has some', async () => {
    const worded = z.object({
      host: z.string().regex(/^[a-z]+$/, { error: 'a host name has letters only' }),
    });
    await expect(readParameters(worded, { set: ['host=a b'] }, 'x', 'h')).rejects.toThrow(
      'host = "a b": a host name has letters only',
    );
  });

  test('without an equals sign is no assignment', async () => {
    expect((await refusal(['dataset'])).message).toBe('--set dataset: expected key=value');
  });
});

describe('a file of parameters', () => {
  test('must be there, be JSON, and hold one object', async () => {
    expect((await refusal([], '/nowhere/params.json')).code).toBe('params.unreadable');
    expect((await refusal([], file('a: 1', 'params.yaml'))).hint).toContain('YAML is not understood');
    expect((await refusal([], file('[1]'))).message).toContain('expected one JSON object');
  });

  test('is checked for keys that there are not, also within', async () => {
    const { message } = await refusal([], file('{"copy": {"jbos": 1}, "dataset": 3}'));
    expect(message).toContain('copy.jbos: there is no such key in copy. Did you mean "jobs"?');
    expect(message).toContain('dataset = 3: allowed is text');
  });
});

describe('whatever a file of parameters holds', () => {
  const keys = fc.constantFrom(
    'dataset',
    'copy',
    'labels',
    'units',
    'password',
    'jobs',
    '__proto__',
    'constructor',
    '',
  );
  const tree = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.jsonValue(),
      fc.array(tie('value')),
      fc.dictionary(keys, tie('value')),
    ),
  })).value;

  test('is taken or refused with one message, and changes no prototype', async () => {
    const place = file('');
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          tree.map((value) => JSON.stringify(value)),
          fc.uint8Array().map((bytes) => Buffer.from(bytes)),
          fc.string().map((text) => `{"dataset":${text}}`),
        ),
        async (content) => {
          writeFileSync(place, content ?? '');
          await mustBeTakenOrRefused(read([], place));
        },
      ),
      { numRuns: 500 },
    );
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  test('is refused when its values lie in each other too deep', async () => {
    for (const [open, close] of [
      ['[', ']'],
      ['{"a":', '}'],
    ] as const) {
      const deep = `{"labels":${open.repeat(50_000)}1${close.repeat(50_000)}}`;
      // oxlint-disable-next-line no-await-in-loop
      expect(await refusal([], file(deep))).toMatchObject({ code: 'params.too-deep' });
    }
    expect(await refusal([], file(`{"labels":"${'['.repeat(200)}"}`))).toMatchObject({
      code: 'params.invalid',
    });
  });
});

test('whatever is given with --set is taken or refused with one message', async () => {
  const key = fc.oneof(
    fc.constantFrom(
      'dataset',
      'copy.jobs',
      'copy',
      'labels.a',
      'units',
      'password',
      'a.b.c',
      '__proto__.x',
      '.',
      '',
    ),
    fc.string({ unit: 'binary' }),
  );
  const value = fc.oneof(
    fc.json(),
    fc.string({ unit: 'binary' }),
    fc.constantFrom('[', '-e sh', '$(id)', '../..'),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(key, value), { maxLength: 4 }), (set) =>
      mustBeTakenOrRefused(read(set.map((pair) => pair.join('=')))),
    ),
    { numRuns: 500 },
  );
  expect(Object.keys(Object.prototype)).toEqual([]);
});

async function mustBeTakenOrRefused(reading: Promise<unknown>): Promise<void> {
  try {
    await reading;
  } catch (error) {
    expect(error).toBeInstanceOf(MigrateError);
    expect(error).toMatchObject({ exitCode: 2, hint: expect.any(String) as string });
  }
}
