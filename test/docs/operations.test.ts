import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { z } from 'zod';
import * as exported from '../../src/operations/index.ts';
import { project, readPage, sectionOf } from './pages.ts';

interface Documented {
  readonly operation: string;
  readonly input: z.ZodType;
  readonly output?: z.ZodType;
  readonly reversal: 'undo' | 'irreversible' | 'readonly';
  readonly undo?: unknown;
  readonly probe?: unknown;
  readonly verify?: unknown;
}

const operations = Object.entries(exported).flatMap(([name, value]): [string, Documented][] =>
  typeof value === 'object' && 'operation' in value ? [[name, value as unknown as Documented]] : [],
);
const page = readPage('docs/operations.md');
const names = operations.map(([name]) => name);

function keysOf(schema: z.ZodType | undefined): readonly string[] {
  return Object.keys((schema as { shape?: object } | undefined)?.shape ?? {});
}

/** Rows of a section's table by their first column; a row may speak for several. */
function rowsOf(section: string): ReadonlyMap<string, string> {
  const rows = new Map<string, string>();
  for (const [, head = '', text = ''] of section.matchAll(/^\| ([a-z, ]+) \| (.*) \|$/gm))
    for (const one of head.split(', ')) rows.set(one, text);
  return rows;
}

/** Codes as they stand in the sources, and those that are put together. */
function knownCodes(): ReadonlySet<string> {
  const sources = globSync('src/**/*.ts', { cwd: project }).map((file) =>
    readFileSync(join(project, file), 'utf8'),
  );
  const text = sources.join('\n');
  const codes = [...text.matchAll(/'([a-z-]+\.[a-z-]+)'/g)].map(([, code]) => code ?? '');
  const restic = /type ResticFailure =([^;]+);/.exec(text)?.[1] ?? '';
  return new Set([...codes, ...[...restic.matchAll(/'([a-z-]+)'/g)].map(([, end]) => `restic.${end}`)]);
}

test('docs/operations.md has a section for every operation, a row in its list, and no other', () => {
  const sections = page.headings.filter((heading) => /^[a-z]\w+$/.test(heading) && heading !== 'systemd');
  expect(sections.toSorted()).toEqual(names.toSorted());
  const listed = [...page.text.matchAll(/^\| \[(\w+)\]\(#\w+\) \|/gm)].map(([, name]) => name);
  expect(listed).toEqual(names);
});

test('the other exports of migrate-runbook/operations are named too', () => {
  for (const name of Object.keys(exported)) expect(page.text).toContain(name);
});

describe.each(operations)('%s', (name, { input, output, reversal, undo, probe, verify }) => {
  const section = sectionOf(page, name);
  const rows = rowsOf(section);

  test('is described with every key of its input and output', () => {
    for (const key of keysOf(input)) expect(rows.get('input')).toMatch(new RegExp(`\`${key}\\??\``));
    for (const key of keysOf(output)) expect(rows.get('output')).toMatch(new RegExp(`\`${key}\``));
    expect(rows.has('output')).toBe(output !== undefined);
  });

  test('says how it is undone, as it is', () => {
    const listed = page.text.split('\n').find((line) => line.startsWith(`| [${name}]`)) ?? '';
    const how = {
      irreversible: 'cannot be undone',
      readonly: 'only reads',
      undo: typeof undo === 'function' ? 'data' : 'code',
    };
    expect(listed.split('|').at(-2)?.trim().split(':')[0]).toBe(how[reversal]);
    if (reversal === 'readonly') expect(rows.has('undo')).toBe(false);
    else
      expect(rows.get('undo')).toMatch(
        reversal === 'irreversible' ? /^none/ : new RegExp(`^${how.undo}|^as for`),
      );
  });

  test('says what its probe and its verification do, when it has them', () => {
    if (reversal === 'readonly') return;
    expect(rows.get('probe')?.startsWith('none')).toBe(probe === undefined);
    expect(rows.get('verify')?.startsWith('none') ?? true).toBe(verify === undefined);
  });

  test('has an example', () => {
    expect(section).toMatch(new RegExp(`\`\`\`ts\\n  \\.step\\([^]*use: ${name},`));
  });
});

test('every error code in docs/operations.md and docs/copying.md is one that is thrown', () => {
  const known = knownCodes();
  const named = [page, readPage('docs/copying.md')]
    .flatMap(({ codes }) => codes.map(({ text }) => text))
    .filter((text) =>
      /^(append|benchmark|command|copy|copy-log|edit|identify|manifest|mount|nix|nixos|remove|restic|units|verify|zfs)\.[a-z-]+$/.test(
        text,
      ),
    )
    .filter((text) => !/\.(socket|service|timer|copylog)$/.test(text));
  expect(named.length).toBeGreaterThan(90);
  expect(named.filter((code) => !known.has(code))).toEqual([]);
});

test('every error code that an operation throws stands in docs/operations.md', () => {
  const sources = globSync(['src/operations/**/*.ts', 'src/copy/*.ts'], { cwd: project });
  const thrown = sources.flatMap((file) =>
    [
      ...readFileSync(join(project, file), 'utf8').matchAll(
        /^\s+(?:.*\? )?'([a-z-]+\.[a-z-]+)'(?: : '([a-z-]+\.[a-z-]+)')?,$/gm,
      ),
    ].flatMap(([, one, other]) => [one, other].filter((code) => code !== undefined)),
  );
  expect(thrown.length).toBeGreaterThan(60);
  expect([...new Set(thrown)].filter((code) => !page.text.includes(`\`${code}\``))).toEqual([]);
});
