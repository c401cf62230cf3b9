import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { scanJournal } from '../../src/journal/read.ts';
import { statusDocument } from '../../src/render/documents/status.ts';
import { damageAnywhere, flip } from '../journal/damage.ts';
import { eventsOf, runsOf } from './journal-facts.ts';
import { migrate } from './migrate.ts';
import { newPlace, writeRunbook, type Place } from './place.ts';
import { letGo, runWaits } from './waits.ts';

const timeout = 120_000;

/** A run that stopped well before its last step; gives its id and the path of its journal. */
async function unfinishedRun(place: Place): Promise<{ run: string; journal: string }> {
  letGo(place);
  expect(await migrate(place, ...runWaits(place.world), '--until', 'wait')).toMatchObject({ exit: 0 });
  const [run = ''] = runsOf(place);
  return { run, journal: join(place.state, 'runs', run, 'journal.jsonl') };
}

test(
  'whatever bit of a journal is flipped or piece of it is lost, the run and its line are named, and the file stays as it is',
  {
    timeout,
  },
  async () => {
    const place = newPlace();
    const { run, journal } = await unfinishedRun(place);
    const whole = readFileSync(journal);
    const damages = [flip(whole.length * 8 - 1), ...fc.sample(damageAnywhere, 59)];
    const expected = new Map<string, { line: number | undefined; content: Buffer }>();
    for (const [index, damage] of damages.entries()) {
      const id = `${run.slice(0, -4)}${String(index).padStart(4, '0')}`;
      const folder = join(place.state, 'runs', id);
      const { damaged: content } = damage(whole);
      mkdirSync(folder);
      writeFileSync(join(folder, 'journal.jsonl'), content);
      expected.set(id, { line: scanJournal(content).damage?.line, content });
    }
    const { exit, stdout } = await migrate(place, 'status', '--json');
    const { damaged, runs } = statusDocument.parse(JSON.parse(stdout));
    expect([exit, runs.map((each) => each.run), damaged.length]).toEqual([6, [run], 60]);
    for (const each of damaged) {
      const { line, content } = expected.get(each.run)!;
      const file = join(each.folder, 'journal.jsonl');
      expect(each.message).toContain(`the journal ${file} is damaged at line ${line} (byte `);
      expect(readFileSync(file).equals(content)).toBe(true);
    }
  },
);

test(
  'a damaged journal is in the way of its own run and runbook alone: others begin, go on and are shown beside it',
  {
    timeout,
  },
  async () => {
    const place = newPlace();
    const { run, journal } = await unfinishedRun(place);
    const other = writeRunbook(
      place,
      'other.ts',
      `import { runbook } from 'migrate-runbook';
     export default runbook('other', { summary: 'Another' }).confirm('go', { ask: 'Go?' });`,
    );
    const damage = flip(8 * 200)(readFileSync(journal)).damaged;
    writeFileSync(journal, damage);

    const begun = await migrate(place, 'run', other);
    expect(begun, begun.stderr).toMatchObject({ exit: 3, stderr: '' });
    const [own = ''] = runsOf(place).filter((id) => id !== run);
    const all = await migrate(place, 'status');
    expect(all).toMatchObject({ exit: 6, stderr: '' });
    expect(all.stdout).toContain(`${own}  Another`);
    expect(all.stdout).toMatch(new RegExp(`${run} +its journal cannot be believed\n.*damaged at line 1 `));
    expect(all.stdout).toContain(`migrate doctor ${run}`);
    expect(await migrate(place, 'status', 'other')).toMatchObject({ exit: 0, stderr: '' });
    expect(await migrate(place, 'plan', other)).toMatchObject({ exit: 0, stderr: '' });
    expect(await migrate(place, 'list')).toMatchObject({ exit: 0, stderr: '' });
    // Which of the two is meant is not for the damage to decide.
    const which = await migrate(place, 'resume');
    expect([
      which.exit,
      which.stderr.includes(own),
      which.stderr.includes(`${run}  its journal is damaged`),
    ]).toEqual([2, true, true]);
    expect(await migrate(place, 'resume', 'other')).toMatchObject({ exit: 3, stderr: '' });
    const refused = await migrate(place, ...runWaits(place.world));
    expect([refused.exit, refused.stderr.includes('is damaged at line 1')]).toEqual([6, true]);
    expect(readFileSync(journal).equals(damage)).toBe(true);
  },
);

test(
  'a journal that lost its last line, whole or in part, goes on; one that lost more does not',
  { timeout },
  async () => {
    const place = newPlace();
    const { run, journal } = await unfinishedRun(place);
    const whole = readFileSync(journal);
    const last = whole.lastIndexOf(0x0a, whole.length - 2) + 1;
    const earlier = whole.lastIndexOf(0x0a, last - 2) + 1;
    writeFileSync(journal, whole.subarray(0, earlier + 10));
    const cut = await migrate(place, 'resume');
    expect([cut.exit, cut.stderr.includes('lines were acknowledged')], cut.stderr).toEqual([6, true]);
    writeFileSync(journal, whole.subarray(0, last + 10));
    expect(await migrate(place, 'resume', '--until', 'wait')).toMatchObject({ exit: 0 });
    const before = (await eventsOf(place, run)).length;
    writeFileSync(journal, readFileSync(journal).subarray(0, -1));
    expect(await migrate(place, 'resume')).toMatchObject({ exit: 0 });
    expect((await eventsOf(place, run)).slice(before - 1).map(({ type }) => type)).toContain(
      'journal.repaired',
    );
  },
);

test("another run's journal in a run's folder is told from its own", { timeout }, async () => {
  const place = newPlace();
  const { run } = await unfinishedRun(place);
  const copy = `${run.slice(0, -4)}copy`;
  cpSync(join(place.state, 'runs', run), join(place.state, 'runs', copy), { recursive: true });
  const { exit, stderr } = await migrate(place, 'resume', copy);
  expect([exit, stderr.includes(`it begins the run ${run}, and not ${copy}`)], stderr).toEqual([6, true]);
  rmSync(join(place.state, 'runs', copy), { recursive: true });
  expect(await migrate(place, 'resume')).toMatchObject({ exit: 0 });
});
