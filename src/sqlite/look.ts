// A process of its own, since SQLite reads without giving others a turn, and can be ended only this way.
import { readFileSync } from 'node:fs';
import { findDatabases } from './find.ts';
import { holdersOf } from './holders.ts';
import { lookAt } from './look-at.ts';
import type { LookedAt, LookRequest } from './request.ts';

const request = JSON.parse(readFileSync(0, 'utf8')) as LookRequest;
const found = request.folder === undefined ? [] : findDatabases(request.folder, request.exclude);
const answers: LookedAt[] = [];
const paths = [...new Set([...request.databases, ...found])];
const holders = request.service === 'stopped' ? holdersOf(paths) : new Map<string, string>();
for (const path of paths) {
  const answer = await lookAt(path, request);
  const holder = holders.get(path);
  answers.push(
    holder === undefined ? answer : { ...answer, standing: 'in-use', problems: [`${holder} has it open`] },
  );
}
process.stdout.write(`${JSON.stringify(answers)}\n`);
