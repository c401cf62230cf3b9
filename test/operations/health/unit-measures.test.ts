import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  backupSuccess,
  failedStarts,
  preseedFailures,
  preseedRuns,
  restoreTestAge,
  type Measure,
} from '../../../src/operations/index.ts';
import { outcomesIn } from '../../../src/operations/units/unit-outcomes.ts';

const now = Date.parse('2026-09-21T12:00:00Z');
const hour = 3_600_000;

/** From systemd's catalogue. */
const ids = {
  started: '39f53479d3a045ac8e11786248231fbf',
  startFailed: 'be02cf6855d2428ba40df7e9d022f03d',
  ended: '7ad2d189f7e94e70a38c781354912448',
  endedBadly: 'd9b373ed55a64feb8242e02dbe79a49c',
} as const;

type Said = readonly [hoursAgo: number, invocation: string | undefined, message: keyof typeof ids];

const entryOf = ([hoursAgo, invocation, message]: Said) => ({
  __REALTIME_TIMESTAMP: String((now - hoursAgo * hour) * 1000),
  MESSAGE_ID: ids[message],
  ...(invocation === undefined ? {} : { INVOCATION_ID: invocation }),
  ...(message === 'started' ? { JOB_RESULT: 'done', JOB_TYPE: 'start' } : {}),
});

/** A machine whose systemd has said this of its units, oldest first. */
function machine(units: Readonly<Record<string, readonly Said[]>>, older = true) {
  const host = {
    clock: { now: () => ({ wall: now, boottime: 0, monotonic: 0 }) },
    exec: async ({ argv }: { argv: readonly string[] }) => {
      const unit = argv.find((word) => word.startsWith('UNIT='))?.slice(5);
      if (unit === undefined) return { stdout: older ? '{"MESSAGE":"old"}' : '', stderr: '', exitCode: 0 };
      const since = Number(argv.find((word) => word.startsWith('--since=@'))?.slice(9)) * 1000;
      const said = (units[unit] ?? []).filter(([hoursAgo]) => now - hoursAgo * hour >= since);
      return {
        stdout: said.map((each) => JSON.stringify(entryOf(each))).join('\n'),
        stderr: '',
        exitCode: 0,
      };
    },
  };
  return (measure: Measure) => Promise.resolve(measure.measure({ host } as never));
}

/** A run of a oneshot that began at that hour. */
const run = (hoursAgo: number, id: string, good: boolean): readonly Said[] =>
  good
    ? [
        [hoursAgo, id, 'ended'],
        [hoursAgo, id, 'started'],
      ]
    : [
        [hoursAgo, id, 'endedBadly'],
        [hoursAgo, id, 'startFailed'],
      ];

const unit = 'restic-sonarr.service';

describe('by what systemd has written down', () => {
  test('backupSuccess is the share of runs that went well, each counted once', async () => {
    const said = [...run(72, 'a', true), ...run(48, 'b', false), ...run(24, 'c', true), ...run(1, 'd', true)];
    expect(await machine({ [unit]: said })(backupSuccess({ unit }))).toMatchObject({
      value: 75,
      evidence: { succeeded: 3, ended: 4 },
    });
    expect(await machine({ [unit]: said })(backupSuccess({ unit, within: '30h' }))).toMatchObject({
      value: 100,
    });
  });

  test('backupSuccess cannot tell of a backup that never ran', async () => {
    await expect(machine({})(backupSuccess({ unit }))).rejects.toMatchObject({ code: 'health.no-run' });
  });

  test('restoreTestAge is since the last good one, and says that it has failed since', async () => {
    const said = [...run(72, 'a', true), ...run(24, 'b', false)];
    expect(await machine({ [unit]: said })(restoreTestAge({ unit }))).toMatchObject({
      value: 3,
      observed: expect.stringContaining('has failed once since'),
    });
    expect(await machine({ [unit]: run(24, 'b', false) })(restoreTestAge({ unit }))).toMatchObject({
      value: Infinity,
    });
  });

  test('restoreTestAge takes a journal that begins later for no proof that there was none', async () => {
    await expect(machine({}, false)(restoreTestAge({ unit }))).rejects.toMatchObject({
      code: 'health.no-run',
    });
    expect(await machine({}, true)(restoreTestAge({ unit }))).toMatchObject({ value: Infinity });
  });

  test('preseedFailures counts those since the last success, so that a mended one is well again', async () => {
    const failed = [...run(9, 'a', true), ...run(8, 'b', false), ...run(7, 'c', false)];
    expect(await machine({ [unit]: failed })(preseedFailures({ unit }))).toMatchObject({ value: 2 });
    expect(
      await machine({ [unit]: [...failed, ...run(1, 'd', true)] })(preseedFailures({ unit })),
    ).toMatchObject({
      value: 0,
    });
    expect(await machine({})(preseedFailures({ unit }))).toMatchObject({ value: 0 });
    expect(await machine({ [unit]: failed })(preseedRuns({ unit }))).toMatchObject({ value: 1 });
  });

  test('failedStarts counts those of the service since its data was restored', async () => {
    const preseed = 'preseed-sonarr.service';
    const sonarr: readonly Said[] = [
      [30, 'x', 'endedBadly'],
      // A simple service counts as started before it dies.
      [9, 'y', 'started'],
      [9, 'y', 'endedBadly'],
      // Its dependency failed, so that it was never begun.
      [8, undefined, 'startFailed'],
      [7, 'z', 'started'],
    ];
    const ask = machine({ [preseed]: run(10, 'p', true), 'sonarr.service': sonarr });
    expect(await ask(failedStarts({ unit: 'sonarr.service', preseed }))).toMatchObject({
      value: 2,
      evidence: { ended: 3 },
    });
    expect(
      await machine({ 'sonarr.service': sonarr })(failedStarts({ unit: 'sonarr.service', preseed })),
    ).toMatchObject({
      value: 0,
    });
  });
});

test('a start that has failed once stays failed, in whatever order systemd tells of it', () => {
  const message = fc.constantFrom(...(Object.keys(ids) as (keyof typeof ids)[]));
  const said = fc.array(fc.tuple(fc.nat(100), fc.constantFrom('a', 'b', 'c'), message));
  fc.assert(
    fc.property(said, (given) => {
      const outcomes = outcomesIn(given.map(entryOf));
      const failed = new Set(
        given.filter(([, , what]) => what === 'endedBadly' || what === 'startFailed').map(([, id]) => id),
      );
      expect(outcomes).toHaveLength(new Set(given.map(([, id]) => id)).size);
      expect(outcomes.filter(({ result }) => result === 'failed')).toHaveLength(failed.size);
    }),
  );
});
