import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { eventsOf, ofType, runsOf } from '../../cli-processes/journal-facts.ts';
import { migrate, start } from '../../cli-processes/migrate.ts';
import { newPlace, processesIn, type Place } from '../../cli-processes/place.ts';
import { hasStack } from '../../cli-processes/refusal.ts';
import { letGo, runWaits, untilItWaits, untilThere } from '../../cli-processes/waits.ts';
import { smallDisk, type SmallDisk } from './small-disk.ts';

const file = resolve(import.meta.dirname, 'full-disk.ts');
const isRoot = process.getuid?.() === 0;
if (!isRoot) console.warn('mounting needs root, so nothing is tested on a full disk');

/** A place whose state lies on a small disk. */
function onSmallDisk(): { place: Place; disk: SmallDisk } {
  const plain = newPlace();
  const disk = smallDisk(plain);
  return { place: { ...plain, state: join(disk.folder, 'state') }, disk };
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
    expect(stderr).toMatch(
      /^error: the journal \S+ cannot be written: no space is left on the file system of \S+ \(\d+ bytes and \d+ inodes are free\)\nFree some space there, then resume the run\./,
    );
    expect(stderr).toContain(journal);
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
