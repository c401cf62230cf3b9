import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { mountValidation } from '../../runbooks/wsl-nix-store/validation.ts';
import { thisMachine } from '../../src/host/this-machine.ts';
import { temporaryFolder } from '../host/folder.ts';

const lately = new Date().toISOString();

test.each([
  [
    'the report of a run',
    { type: 'report', runbook: 'wsl-mount-validation', verdict: 'PASS', lastAt: lately },
    'PASS',
  ],
  ['one that was written by hand', { runbook: 'mine', verdict: 'PASS', finishedAt: lately }, 'PASS'],
  ['one that found something', { runbook: 'wsl-mount-validation', verdict: 'FAIL', lastAt: lately }, 'FAIL'],
  [
    'an old one',
    { runbook: 'wsl-mount-validation', verdict: 'PASS', lastAt: '2020-01-01T00:00:00.000Z' },
    'FAIL',
  ],
  ['none that says when', { runbook: 'wsl-mount-validation', verdict: 'PASS' }, 'FAIL'],
])('%s is taken for what it is', async (_, report, verdict) => {
  const validationReport = join(temporaryFolder(), 'report.json');
  writeFileSync(validationReport, JSON.stringify(report));
  const params = { validationReport, validationMaxAgeDays: 7, skipMountValidation: false };
  expect((await mountValidation({ host: thisMachine(), params })).verdict).toBe(verdict);
});
