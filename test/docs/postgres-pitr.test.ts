import { expect, test } from 'vitest';
import runbook from '../../runbooks/postgres-pitr.ts';
import { validate } from '../../src/runbook/validate.ts';
import { readPage, sectionOf } from './pages.ts';

const { nodes, params } = validate(runbook, 'runbooks/postgres-pitr.ts');
const page = readPage('docs/postgres-pitr.md');

/** What stands between backticks in the first column of the tables of a section. */
function firstColumn(heading: string): string[] {
  const rows = sectionOf(page, heading)
    .split('\n')
    .flatMap((line) => /^\| ([^|]+) \|/.exec(line)?.[1] ?? []);
  return rows.flatMap((row) => [...row.matchAll(/`([^`]+)`/g)].map(([, code]) => code ?? ''));
}

test('docs/postgres-pitr.md explains every step, in page order', () => {
  expect(firstColumn('Step by step')).toEqual(nodes.map(({ id }) => id));
});

test('docs/postgres-pitr.md explains every parameter', () => {
  expect(firstColumn('Before you begin').toSorted()).toEqual(Object.keys(params.shape).toSorted());
});

test('the parameters that docs/postgres-pitr.md shows are accepted', () => {
  const example = page.blocks.find(({ language }) => language === 'json');
  expect(params.safeParse(JSON.parse(example?.text ?? '')).error).toBeUndefined();
});
