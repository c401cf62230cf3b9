import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { runAgain, wordOf } from '../../src/cli/runs/run-again.ts';
import { bundledRunbooks } from '../../src/host/runbook-file.ts';
import { newText } from '../../src/render/text/new.ts';
import { runbook, secret } from '../../src/runbook/index.ts';
import { validate } from '../../src/runbook/validate.ts';

const own = import.meta.filename;

describe('what finds a runbook when it is typed', () => {
  test('is the id of one that comes with the program, also when an update has put it elsewhere', () => {
    expect(wordOf('sonarr', bundledRunbooks().get('sonarr') ?? '')).toBe('sonarr');
    expect(wordOf('sonarr', '/nix/store/gone/runbooks/sonarr.js')).toBe('sonarr');
  });

  test('is the file of any other, also of one with the id of a bundled one, as a shell wants it', () => {
    expect(wordOf('move-photos', own)).toBe(own);
    expect(wordOf('sonarr', own)).toBe(own);
    expect(wordOf('move-photos', "/srv/my books/it's.ts")).toBe(String.raw`'/srv/my books/it'\''s.ts'`);
  });

  test('is quoted by migrate new where a shell wants it', () => {
    const files = ['/srv/my books/move.ts', '/srv/my books/move.test.ts'];
    const lines = newText({ type: 'new', id: 'move', files }).split('\n');
    expect(lines[0]).toBe('Wrote /srv/my books/move.ts');
    expect(lines.slice(3).map((line) => line.split(':  ').at(-1))).toEqual([
      "migrate rehearse '/srv/my books/move.ts'",
      "Kill it at every point of every step: node --test '/srv/my books/move.test.ts'",
      expect.stringContaining("migrate plan '/srv/my books/move.ts' --set"),
    ]);
  });
});

describe('the words for a run like another', () => {
  const params = z.object({
    place: z.string(),
    jobs: z.number().default(2),
    units: z.array(z.string()).default([]),
    token: secret('of the place').optional(),
    note: z.string().optional(),
  });
  const again = (schema: z.ZodObject, given: object) => {
    const it = validate(
      runbook('mine', { summary: 'Mine', params: schema }).step('a', { readonly: true, commands: () => [] }),
      own,
    );
    const parsed: unknown = JSON.parse(JSON.stringify(schema.parse(given)));
    return runAgain({ runbook: 'mine', source: { file: own, files: {} }, params: parsed }, it);
  };

  test('give what is no default, each value as it is typed', async () => {
    expect(await again(params, { place: '/srv/my books', units: ['a'], token: 'env:TOKEN' })).toBe(
      `migrate run ${own} --set 'place=/srv/my books' --set 'units=["a"]' --set token=env:TOKEN`,
    );
    expect(await again(z.object({}), {})).toBe(`migrate run ${own}`);
  });

  test('say so where no words stand for a value', async () => {
    const upper = z.object({ name: z.string().transform((text) => `${text}!`) });
    expect(await again(upper, { name: 'x' })).toBe(`migrate run ${own}, with the parameters that it had`);
  });
});
