import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { doctorDocument, type DoctorDocument } from '../../src/render/documents/doctor.ts';
import { flip } from '../journal/damage.ts';
import { eventsOf, ofType, runsOf } from './journal-facts.ts';
import { migrate, start } from './migrate.ts';
import { kill, newPlace, tree, type Place } from './place.ts';
import { hasStack } from './refusal.ts';
import { letGo, runWaits, untilItWaits } from './waits.ts';

const timeout = 120_000;

/** Asks the doctor, and demands that nothing has changed. */
async function ask(
  place: Place,
  ...words: string[]
): Promise<{ exit: number | null; found: DoctorDocument }> {
  const before = tree(place.state);
  const { exit, stdout, stderr } = await migrate(place, 'doctor', ...words, '--json');
  expect([stderr, tree(place.state)]).toEqual(['', before]);
  return { exit, found: doctorDocument.parse(JSON.parse(stdout)) };
}

/** Resolves when the command that waits is on record, after which nothing more is written. */
async function untilRecorded(place: Place): Promise<void> {
  await untilItWaits(place);
  const [run = ''] = runsOf(place);
  const isThere = async () =>
    ofType(await eventsOf(place, run), 'command.started').some(({ step }) => step === 'wait');
  // oxlint-disable-next-line no-await-in-loop -- one look after the other
  while (!(await isThere())) await setTimeout(20);
}

/** What is not sound, as `about: says`. */
function doubts({ stateFolder, runs, claims }: DoctorDocument): string[] {
  return (
    [...stateFolder.findings, ...claims, ...runs.flatMap(({ findings }) => findings)]
      // Tests' state lies where many systems clean up.
      .filter(({ verdict, says }) => verdict !== 'sound' && !says.includes('which many systems empty'))
      .map(({ about, says }) => `${about}: ${says}`)
  );
}

test(
  'before the first run, and while one is at work, the doctor finds nothing wrong and nothing to change',
  { timeout },
  async () => {
    const place = newPlace();
    expect((await ask(place)).exit).toBe(0);
    expect(existsSync(place.state)).toBe(false);
    const call = start(place, runWaits(place.world));
    await untilRecorded(place);
    const { found } = await ask(place, 'waits');
    expect(doubts(found)).toEqual([]);
    expect(found.runs[0]).toMatchObject({ status: 'running', lastDone: 'before', verdict: 'sound' });
    expect(found.runs[0]?.findings.find(({ about }) => about === 'lock')?.says).toContain(
      `process ${call.pid} `,
    );
    letGo(place);
    expect((await call.ended).exit).toBe(0);
    expect(doubts((await ask(place)).found)).toEqual([]);
  },
);

test(
  'after a SIGKILL the doctor names the step in doubt, who will be asked, the child that lives, and the torn line',
  { timeout },
  async () => {
    const place = newPlace();
    const call = start(place, runWaits(place.world));
    await untilRecorded(place);
    call.child.kill('SIGKILL');
    await call.ended;
    const [run = ''] = runsOf(place);
    const journal = join(place.state, 'runs', run, 'journal.jsonl');
    appendFileSync(journal, '{"v":1,"se');
    rmSync(join(place.claims, `${run}.json`));
    const { exit, found } = await ask(place, run);
    expect(exit).toBe(3);
    const says = doubts(found);
    const child = ofType(await eventsOf(place, run), 'command.started').at(-1)?.process?.pid;
    expect(says.filter((each) => each.startsWith('journal: '))[0]).toMatch(
      /after it stand 10 bytes of a line that was never acknowledged/,
    );
    expect(says).toContain('steps: wait was started and has no end');
    expect(says).toContainEqual(
      expect.stringContaining(`children: process ${child} of an earlier attempt still lives`),
    );
    expect(says.some((each) => each.startsWith('claims: not held'))).toBe(true);
    const text = await migrate(place, 'doctor', run);
    expect(text.exit).toBe(3);
    expect(text.stdout).toContain(`migrate settle ${run} wait --done --why '…'; or`);
    expect(text.stdout).toContain('the last step known to be done is before');
    if (child !== undefined) kill(child);
    letGo(place);
    expect((await migrate(place, 'resume')).exit).toBe(0);
  },
);

test(
  'of a damaged run the doctor tells up to where it can be believed, and what a person can do; others are as sound as before',
  { timeout },
  async () => {
    const place = newPlace();
    letGo(place);
    expect(await migrate(place, ...runWaits(place.world), '--until', 'wait')).toMatchObject({ exit: 0 });
    const [run = ''] = runsOf(place);
    const folder = join(place.state, 'runs', run);
    const journal = join(folder, 'journal.jsonl');
    const whole = readFileSync(journal);
    const kept = join(folder, 'sources', readdirSync(join(folder, 'sources'))[0] ?? '');
    const source = readFileSync(kept);
    writeFileSync(kept, 'export default 1;');
    chmodSync(place.state, 0o755);
    expect(doubts((await ask(place, 'waits')).found)).toEqual([
      `folder: others may read or write: ${place.state}`,
      `sources: sources/waits.ts is not what was recorded`,
    ]);
    writeFileSync(kept, source);
    chmodSync(place.state, 0o700);

    const line4 = whole.toString().split('\n').slice(0, 3).join('\n').length + 50;
    writeFileSync(journal, flip(8 * line4)(whole).damaged);
    const { exit, found } = await ask(place);
    expect([exit, found.verdict, found.runs[0]?.trustedLines]).toEqual([6, 'damaged', 3]);
    const { stdout } = await migrate(place, 'doctor', run);
    expect(stdout).toMatch(/damaged at line 4 \(byte \d+\): .*What stands in lines 1 to 3 is certain/);
    for (const way of [`cp -a ${folder}`, 'docs/recovery-by-hand.md']) expect(stdout).toContain(way);

    const named = await migrate(place, 'doctor', 'wiats');
    expect([named.exit, named.stderr.includes('there is no run "wiats"'), hasStack(named.stderr)]).toEqual([
      2,
      true,
      false,
    ]);
  },
);

test(
  'the doctor knows the manifest of a copy by the digest that it bears, and sees when it was changed',
  { timeout },
  async () => {
    const place = newPlace();
    mkdirSync(join(place.world, 'from'));
    writeFileSync(join(place.world, 'from/file'), 'content');
    const file = join(import.meta.dirname, 'runbooks/copies.ts');
    expect((await migrate(place, 'run', file, '--set', `world=${place.world}`)).exit).toBe(3);
    expect(doubts((await ask(place, 'copies')).found)).toEqual([]);
    const manifest = join(place.state, 'runs', runsOf(place)[0] ?? '', 'manifest');
    writeFileSync(manifest, readFileSync(manifest, 'utf8').replace('"size":7', '"size":8'));
    expect(doubts((await ask(place, 'copies')).found)).toEqual([
      `files: ${manifest} is not what was recorded`,
    ]);
  },
);
