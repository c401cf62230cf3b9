import { cpSync, existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { eventsOf, ofType, runsOf } from '../../cli-processes/journal-facts.ts';
import { migrate, start, startProgram, type Ended } from '../../cli-processes/migrate.ts';
import { newPlace, processesIn, tree, type Place } from '../../cli-processes/place.ts';
import { hasStack } from '../../cli-processes/refusal.ts';
import { letGo, runWaits, untilItWaits, untilThere } from '../../cli-processes/waits.ts';
import { smallDisk, type SmallDisk } from './small-disk.ts';

const file = resolve(import.meta.dirname, 'full-disk.ts');
const fullAt = resolve(import.meta.dirname, 'full-at.ts');
const runbookFile = resolve(import.meta.dirname, 'full-at-runbook.ts');
const isRoot = process.getuid?.() === 0;
if (!isRoot) console.warn('mounting needs root, so nothing is tested on a full disk');

/** A place whose state lies on a small disk. */
function onSmallDisk(): { place: Place; disk: SmallDisk } {
  const plain = newPlace();
  const disk = smallDisk(plain);
  return { place: { ...plain, state: join(disk.folder, 'state') }, disk };
}

const isFolder = (path: string) => !path.includes('/');

function begin(place: Place, disk: SmallDisk): void {
  disk.empty();
  for (const folder of [place.state, place.claims]) rmSync(folder, { recursive: true, force: true });
  for (const name of readdirSync(place.world)) rmSync(join(place.world, name), { recursive: true });
}

function runFullAt(place: Place, disk: SmallDisk, line: number, args: readonly string[]): Promise<Ended> {
  return startProgram(place, fullAt, [String(line), disk.ballast, ...args]).ended;
}

function mustNameWhatIsNeeded({ exit, stdout, stderr }: Ended, when: string): void {
  expect([exit, hasStack(stderr), stderr.match(/^error: /gm)?.length], `${when}: ${stdout}${stderr}`).toEqual(
    [6, false, 1],
  );
  expect(stderr, when).toMatch(
    /no space is left on the file system of \S+ \(\d+ bytes are needed, \d+ bytes and \d+ inodes are free\)\nFree some space there/,
  );
}

describe.skipIf(!isRoot)('when the disk of the state folder is full', () => {
  test('the step whose start cannot be recorded is not started, what runs beside it is ended, the message says where and how much, and a resume goes on when there is space', async () => {
    const { place, disk } = onSmallDisk();
    const call = start(place, [
      ...runWaits(place.world, resolve(import.meta.dirname, 'full-disk.ts')),
      '--jobs',
      '2',
    ]);
    await untilItWaits(place);
    await untilThere(join(place.world, 'go-beside.waits'));
    disk.fill();
    letGo(place);
    const { exit, stdout, stderr } = await call.ended;
    const [run = ''] = runsOf(place);
    const journal = join(place.state, 'runs', run, 'journal.jsonl');
    expect(exit, stdout + stderr).toBe(6);
    // Either what takes the run back by hand or the journal is the first that finds no room.
    expect(stderr).toMatch(/^error: .*cannot be written: .*no space (is )?left on/);
    expect(stderr).toMatch(/\d+ bytes .*then resume the run\./s);
    expect(stderr).toContain(dirname(journal));
    expect(hasStack(stderr)).toBe(false);
    expect(stderr.match(/^error: /gm)).toHaveLength(1);
    expect(existsSync(join(place.world, 'large'))).toBe(false);
    expect(processesIn(place.folder)).toEqual([]);

    const still = await migrate(place, 'resume');
    expect([still.exit, hasStack(still.stderr)], still.stdout + still.stderr).toEqual([6, false]);
    expect(existsSync(join(place.world, 'large'))).toBe(false);
    expect(await migrate(place, 'status')).toMatchObject({ exit: 0, stderr: '' });

    disk.empty();
    writeFileSync(join(place.world, 'go-beside'), '');
    const resumed = await migrate(place, 'resume');
    expect(resumed, resumed.stdout + resumed.stderr).toMatchObject({ exit: 0, stderr: '' });
    const events = await eventsOf(place, run);
    expect(
      ofType(events, 'step.completed')
        .map(({ step }) => step)
        .toSorted(),
    ).toEqual(['beside', 'large', 'wait']);
  });

  test('at whichever line of the journal the disk is full, nothing is done whose record is not on the disk, the message says how much is needed and where, and with space the run comes to the same end', async () => {
    const { place, disk } = onSmallDisk();
    const all = ['run', runbookFile, '--set', `world=${place.world}`, '--yes'];
    expect(await migrate(place, ...all)).toMatchObject({ exit: 0 });
    const [whole = ''] = runsOf(place);
    const end = tree(place.world);
    const lines = (await eventsOf(place, whole)).length;
    expect(lines).toBeGreaterThan(15);
    // oxlint-disable no-await-in-loop -- one disk
    for (let line = 1; line <= lines; line += 1) {
      begin(place, disk);
      const stopped = await runFullAt(place, disk, line, all);
      mustNameWhatIsNeeded(stopped, `line ${line}`);
      const [run] = runsOf(place);
      const events = run === undefined ? [] : await eventsOf(place, run);
      expect(events.length).toBe(line - 1);
      const begun = ofType(events, 'step.started').map(({ step }) => step);
      expect(begun, `line ${line}`).toEqual(
        expect.arrayContaining(Object.keys(tree(place.world)).filter(isFolder)),
      );
      disk.empty();
      const resumed = await migrate(place, ...(run === undefined ? all : ['resume', '--yes']));
      expect([resumed.exit, resumed.stderr], `line ${line}: ${resumed.stdout}`).toEqual([0, '']);
      expect(tree(place.world), `line ${line}`).toEqual(end);
    }
  });

  test('at whichever line of a rollback the disk is full, it stops there, and with space it comes to the same end', async () => {
    const { place, disk } = onSmallDisk();
    const all = ['run', runbookFile, '--set', `world=${place.world}`, '--yes'];
    expect(await migrate(place, ...all)).toMatchObject({ exit: 0 });
    const [whole = ''] = runsOf(place);
    const before = (await eventsOf(place, whole)).length;
    const complete = join(place.folder, 'complete');
    for (const name of ['state', 'claims', 'world'] as const) {
      cpSync(place[name], join(complete, name), { recursive: true });
    }
    expect(await migrate(place, 'rollback', whole, '--yes')).toMatchObject({ exit: 0 });
    const lines = (await eventsOf(place, whole)).length;
    expect(lines - before).toBeGreaterThan(7);
    for (let line = before + 1; line <= lines; line += 1) {
      begin(place, disk);
      for (const name of ['state', 'claims', 'world'] as const) {
        cpSync(join(complete, name), place[name], { recursive: true });
      }
      const stopped = await runFullAt(place, disk, line, ['rollback', whole, '--yes']);
      mustNameWhatIsNeeded(stopped, `line ${line}`);
      const events = await eventsOf(place, whole);
      expect(events.length).toBe(line - 1);
      const undoing = ofType(events, 'undo.started').map(({ step }) => step);
      const left = Object.keys(tree(place.world)).filter(isFolder);
      expect([...left, ...undoing], `line ${line}`).toEqual(expect.arrayContaining(['first', 'second']));
      disk.empty();
      const again = await migrate(place, 'rollback', whole, '--yes');
      expect([again.exit, again.stderr], `line ${line}: ${again.stdout}`).toEqual([0, '']);
      expect(tree(place.world)).toEqual({});
    }
    // oxlint-enable no-await-in-loop
  });

  test('a run does not begin, and leaves nothing', async () => {
    const { place, disk } = onSmallDisk();
    letGo(place);
    writeFileSync(join(place.world, 'go-beside'), '');
    disk.fill();
    const refused = await migrate(place, ...runWaits(place.world, file));
    expect(
      [refused.exit, refused.stderr.match(/^error: /gm)?.length, hasStack(refused.stderr)],
      refused.stderr,
    ).toEqual([6, 1, false]);
    expect(refused.stderr).toMatch(/no space/);
    expect(runsOf(place)).toEqual([]);
    expect(
      existsSync(place.claims) ? readdirSync(place.claims).filter((name) => name.endsWith('.json')) : [],
    ).toEqual([]);
    disk.empty();
    expect(await migrate(place, ...runWaits(place.world, file))).toMatchObject({ exit: 0 });
  });

  test('a rollback whose record cannot be written stops, and goes on when there is space', async () => {
    const { place, disk } = onSmallDisk();
    letGo(place);
    writeFileSync(join(place.world, 'go-beside'), '');
    expect(await migrate(place, ...runWaits(place.world, file))).toMatchObject({ exit: 0 });
    const [run = ''] = runsOf(place);
    disk.fill();
    const stopped = await migrate(place, 'rollback', run, '--yes');
    expect([stopped.exit, hasStack(stopped.stderr)], stopped.stdout + stopped.stderr).toEqual([6, false]);
    disk.empty();
    expect(await migrate(place, 'rollback', run, '--yes')).toMatchObject({ exit: 0 });
    expect(existsSync(join(place.world, 'large'))).toBe(false);
  });
});
