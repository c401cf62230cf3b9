import { expect, test } from 'vitest';
import runbook from '../../runbooks/postgres.ts';
import { entries } from '../../runbooks/services/entries.ts';
import { serviceOf } from '../../runbooks/services/catalogue.ts';
import { validate } from '../../src/runbook/validate.ts';
import { readPage } from '../docs/pages.ts';

const { nodes } = validate(runbook, 'runbooks/postgres.ts');
const ids = nodes.map(({ id }) => id);

test('postgres takes two datasets with the properties of the plan', () => {
  expect(serviceOf(entries.postgres).datasets).toEqual([
    { name: 'postgres-data', properties: { recordsize: '8K', compression: 'lz4', logbias: 'latency' } },
    {
      name: 'postgres-wal',
      properties: { recordsize: '128K', compression: 'off', logbias: 'throughput' },
      mode: '0700',
    },
  ]);
});

test('nothing reads or copies for the last time before the cluster is shut down, and nothing starts before its proof', () => {
  const before = (one: string, other: string) => ids.indexOf(one) < ids.indexOf(other);
  const order = [
    ...[
      'freeze',
      'at-rest-shutdown',
      'at-rest-rows',
      'at-rest-shutdown-again',
      'backup-at-rest',
      'final-copy',
    ],
    ...[
      'verify-copy',
      'copied-wal',
      'copied-snapshot',
      'copied-proof',
      'point',
      'switch',
      'release',
      'start',
    ],
  ];
  for (const [index, id] of order.slice(1).entries()) expect(before(order[index] ?? '', id), id).toBe(true);
  expect(ids).toEqual(expect.arrayContaining(order));
});

test('docs/postgres.md names each step of its own', () => {
  const page = readPage('docs/postgres.md').text;
  for (const id of ids.filter((one) => /^(before|at-rest|copied|up)-/.test(one)))
    expect(page).toContain(`\`${id}\``);
});
