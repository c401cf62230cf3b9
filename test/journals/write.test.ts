import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createJournal, readJournal } from '../../src/host/journal-file.ts';
import { eventBody, type JournalEvent } from '../../src/journal/event.ts';
import { fold } from '../../src/journal/fold.ts';
import { validate } from '../../src/runbook/index.ts';
import { Stage } from '../engine/stage.ts';
import { runbookOf, thisVersion } from './places.ts';
import { stories } from './stories.ts';
import { summaryOf } from './summary.ts';

/*
 * Makes the journals of this version. With MIGRATE_WRITE_JOURNALS set they become its fixtures; else they are
 * made in a temp folder, to see that this still goes.
 */
const keep = process.env['MIGRATE_WRITE_JOURNALS'] !== undefined;

async function write(name: string, folder: string): Promise<readonly JournalEvent[]> {
  const story = stories.find((each) => each.name === name);
  const chain = await runbookOf(name);
  const stage = new Stage(chain, validate(chain, name).params.parse({}));
  await story?.tell(stage);
  let at = 0;
  const file = join(folder, `${name}.jsonl`);
  rmSync(file, { force: true });
  const journal = await createJournal(file, { now: () => at });
  for (const { v: _, seq: __, at: when, ...body } of stage.journal) {
    at = Date.parse(when);
    // oxlint-disable-next-line no-await-in-loop -- in their order
    await journal.append(body);
  }
  await journal.close();
  rmSync(join(folder, 'journal.end'), { force: true });
  writeFileSync(
    join(folder, `${name}.state.json`),
    `${JSON.stringify(summaryOf(fold(journal.events)), undefined, 2)}\n`,
  );
  return (await readJournal(file)).events;
}

test('the journals of this version, made by its engine, hold every type of event', async () => {
  const folder = keep ? thisVersion : mkdtempSync(join(tmpdir(), 'migrate-journals-'));
  if (!keep) onTestFinished(() => rmSync(folder, { recursive: true }));
  mkdirSync(folder, { recursive: true });
  const events: JournalEvent[] = [];
  // oxlint-disable-next-line no-await-in-loop -- they share what stands for the world
  for (const { name } of stories) events.push(...(await write(name, folder)));
  const types = new Set(events.map(({ type }) => type));
  const all = eventBody.options.map((option) => option.shape.type.value);
  expect(all.filter((type) => !types.has(type))).toEqual([]);
});

test('a new version begins with the runbooks of the one before it', () => {
  expect(existsSync(thisVersion), `copy the runbooks of the last version to ${thisVersion}`).toBe(true);
  expect(readdirSync(thisVersion).map((name) => basename(name, '.ts'))).toEqual(
    expect.arrayContaining(stories.map(({ name }) => name)),
  );
});
