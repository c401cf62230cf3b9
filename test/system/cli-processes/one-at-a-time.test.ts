import { mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runsOf } from '../../cli-processes/journal-facts.ts';
import { migrate, start } from '../../cli-processes/migrate.ts';
import { kill, newPlace, processesIn, stateOf, tree, writeRunbook } from '../../cli-processes/place.ts';
import { letGo, runWaits, untilItWaits, waitsFile } from '../../cli-processes/waits.ts';

const timeout = 300_000;

test(
  'of five calls of run at once one works, and the others exit 4, name its process and leave nothing',
  { timeout },
  async () => {
    const place = newPlace();
    const calls = Array.from({ length: 5 }, () => start(place, runWaits(place.world)));
    await untilItWaits(place);
    const worker = await Promise.any(
      calls.map(async (call) => {
        await call.until('wait: $');
        return call;
      }),
    );
    const refused = await Promise.all(calls.filter((call) => call !== worker).map(({ ended }) => ended));
    for (const { exit, stdout, stderr } of refused) {
      expect([exit, stdout]).toEqual([4, '']);
      expect(stderr).toContain(`process ${worker.pid} (migrate run ${waitsFile}`);
    }
    expect(runsOf(place)).toHaveLength(1);
    letGo(place);
    expect(await worker.ended).toMatchObject({ exit: 0 });
  },
);

test(
  'a run that works cannot be resumed, rolled back, settled, aborted or moved by another process, which names the holder',
  { timeout },
  async () => {
    const place = newPlace();
    const worker = start(place, runWaits(place.world));
    await untilItWaits(place);
    const [run = ''] = runsOf(place);
    const journal = () => readFileSync(join(place.state, 'runs', run, 'journal.jsonl'), 'utf8');
    // Its program may be faster than the line that says so.
    await expect.poll(journal).toContain('"type":"command.started"');
    const before = journal();
    const others = await Promise.all([
      migrate(place, 'resume'),
      migrate(place, 'rollback', run, '--yes'),
      migrate(place, 'settle', run, 'wait', '--done', '--why', 'it looks done'),
      migrate(place, 'abort', run, '--yes'),
      migrate(place, 'state', 'move', join(place.folder, 'elsewhere')),
    ]);
    for (const other of others) {
      expect(other).toMatchObject({ exit: 4, stdout: '' });
      expect(other.stderr).toContain(`process ${worker.pid} (migrate run `);
    }
    expect(journal()).toBe(before);
    expect(tree(join(place.folder, 'elsewhere'))).toEqual({});
    letGo(place);
    expect(await worker.ended).toMatchObject({ exit: 0 });
  },
);

test(
  "a holder that was killed is in nobody's way, and a second run of its runbook names resume",
  { timeout },
  async () => {
    const place = newPlace();
    const worker = start(place, runWaits(place.world));
    await untilItWaits(place);
    kill(worker.pid);
    await worker.ended;
    const [run = ''] = runsOf(place);
    const second = await migrate(place, ...runWaits(place.world));
    expect(second).toMatchObject({ exit: 4, stdout: '' });
    expect(second.stderr).toBe(
      `error: the run ${run} of waits is unfinished\n` +
        `Go on with it: migrate resume ${run}\n` +
        `Or back: migrate rollback ${run}\n` +
        `Or end it without undoing anything: migrate abort ${run}\n`,
    );
    expect(runsOf(place)).toEqual([run]);
    letGo(place);
    const resumed = await migrate(place, 'resume');
    expect(resumed).toMatchObject({ exit: 0, stderr: '' });
    expect(processesIn(place.folder)).toEqual([]);
  },
);

test(
  'what a run holds is held against runs of every other state folder, and the way to end it is complete',
  { timeout },
  async () => {
    const place = newPlace();
    const worker = start(place, runWaits(place.world));
    await untilItWaits(place);
    kill(worker.pid);
    await worker.ended;
    const [run = ''] = runsOf(place);
    const other = { ...place, state: join(place.folder, 'other-state') };
    const refused = await migrate(other, ...runWaits(join(place.world, 'within')));
    expect(refused).toMatchObject({ exit: 4, stdout: '' });
    expect(refused.stderr).toContain(`the unfinished run ${run} has held it since`);
    expect(refused.stderr).toContain(`migrate abort ${run} --state-dir ${place.state}`);
    expect(runsOf(other)).toEqual([]);

    expect(await migrate(place, 'abort', run, '--yes')).toMatchObject({ exit: 0 });
    mkdirSync(join(place.world, 'within'));
    writeFileSync(join(place.world, 'within/go'), '');
    expect(await migrate(other, ...runWaits(join(place.world, 'within')))).toMatchObject({ exit: 0 });
  },
);

test('what a run held is free when it was killed between its end and the release', { timeout }, async () => {
  const place = newPlace();
  letGo(place);
  const half = await migrate(place, ...runWaits(place.world), '--until', 'wait');
  expect(half).toMatchObject({ exit: 0 });
  const [run = ''] = runsOf(place);
  const claims = join(place.claims, `${run}.json`);
  const held = readFileSync(claims);
  expect(await migrate(place, 'resume')).toMatchObject({ exit: 0 });
  expect(readdirSync(place.claims)).not.toContain(`${run}.json`);
  writeFileSync(claims, held);

  const text = readFileSync(waitsFile, 'utf8').replace("runbook('waits'", "runbook('waits-too'");
  const other = writeRunbook(place, 'waits-too.ts', text);
  rmSync(join(place.world, 'before'), { recursive: true });
  rmSync(join(place.world, 'after'), { recursive: true });
  expect(await migrate(place, ...runWaits(place.world, other))).toMatchObject({ exit: 0 });
});

test(
  "a start that was killed while it wrote the first line of its journal is in nobody's way",
  { timeout },
  async () => {
    const place = newPlace();
    letGo(place);
    expect(await migrate(place, ...runWaits(place.world), '--until', 'before')).toMatchObject({ exit: 0 });
    const [run = ''] = runsOf(place);
    expect(await migrate(place, 'rollback', run, '--yes')).toMatchObject({ exit: 0 });
    truncateSync(join(place.state, 'runs', run, 'journal.jsonl'), 1000);
    rmSync(join(place.state, 'runs', run, 'journal.end'));
    expect(await migrate(place, 'status')).toMatchObject({ exit: 0, stderr: '' });
    expect(await migrate(place, 'status', run)).toMatchObject({ exit: 2 });
    expect(await migrate(place, 'resume', run)).toMatchObject({ exit: 2 });
    expect(await migrate(place, ...runWaits(place.world))).toMatchObject({ exit: 0 });
  },
);

test(
  'a run that was moved goes on in its new place alone: in the old one nothing resumes it and nothing begins beside it, until it is over',
  { timeout },
  async () => {
    const place = newPlace();
    expect(await migrate(place, ...runWaits(place.world), '--until', 'before')).toMatchObject({ exit: 0 });
    const [run = ''] = runsOf(place);
    const there = { ...place, state: join(place.folder, 'there') };
    expect(await migrate(place, 'state', 'move', there.state)).toMatchObject({ exit: 0 });
    const before = stateOf(place);
    const closed = `error: this copy of the state of ${run} is closed: it was moved to ${there.state}\nUse --state-dir ${there.state}\n`;
    for (const args of [['resume', run], ['resume', waitsFile], ['rollback', run], runWaits(place.world)]) {
      const refused = await migrate(place, ...args);
      expect([refused.exit, refused.stderr], args.join(' ')).toEqual([6, closed]);
    }
    expect(stateOf(place)).toEqual(before);
    letGo(place);
    expect(await migrate(there, 'resume', waitsFile)).toMatchObject({ exit: 0 });
    expect(await migrate(there, 'rollback', run, '--yes')).toMatchObject({ exit: 0 });
    expect(await migrate(place, ...runWaits(place.world))).toMatchObject({ exit: 0 });
  },
);
