import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { crashPoints } from '../../../src/rehearsal/crash.ts';
import { sweep } from './sweep.ts';

const runbooks = join(import.meta.dirname, '../../rehearsal/runbooks');
const everyKind = join(runbooks, 'every-kind.ts');
const wholeRollbacks = ['rollback', 'killed-rollback'];

const isRoot = process.getuid?.() === 0;
if (!isRoot) console.log('some tests are skipped: loop devices and other users need root');
const asNobody = ['--reuid=65534', '--regid=65534', '--clear-groups'];
/** Such as in a clone that lies in /root. */
const mayNobodyRead =
  isRoot &&
  spawnSync('setpriv', [...asNobody, process.execPath, '-e', `fs.accessSync(${JSON.stringify(everyKind)})`])
    .status === 0;
if (isRoot && !mayNobodyRead) console.log('one test is skipped: an ordinary user may not read this checkout');

const seconds = 1_000;

describe('a runbook that does not survive', () => {
  it('is named with the case, what differs, and the command that repeats it alone', async () => {
    const lies = join(runbooks, 'lies.ts');
    const { exitCode, failures } = await sweep(lies, ['--points', 'before-checkpoint,undo', '--seed', '5']);
    expect(exitCode).toBe(1);
    expect(failures.map((failure) => failure.case).toSorted()).toEqual([
      'before-checkpoint:append',
      'undo/make',
    ]);
    const [append, make] = failures.toSorted((one, other) => (one.case < other.case ? -1 : 1));
    expect(append?.differences).toContainEqual(expect.stringMatching(/^\/srv\/file: content was/));
    expect(make?.differences).toContainEqual('/srv/made: appeared');
    expect(append?.again).toBe(
      `migrate rehearse ${lies} --crash everywhere --seed 5 --case before-checkpoint:append`,
    );
    const alone = await sweep(lies, ['--seed', '5', '--case', 'before-checkpoint:append']);
    expect(alone).toMatchObject({ exitCode: 1, cases: 1, failed: 1 });
  });
});

// Beside each other: each keeps one processor busy, in a world of its own.
describe.concurrent('a sweep of crashes', () => {
  it.skipIf(!isRoot)(
    'kills every kind of step and gate at every point on real disks, forward and back, and each ends alike',
    async () => {
      const points = [
        ...crashPoints,
        'pairs',
        'undo',
        ...['taking-lock', 'half-line'].map((at) => `undo/${at}`),
      ];
      const flags = ['--points', points.join(','), '--sample', '6', '--seed', '1'];
      const { failures, points: rows, exitCode, held } = await sweep(everyKind, flags);
      expect(failures).toEqual([]);
      expect(exitCode).toBe(0);
      // A command that nobody can look at, in its middle, and in a pair or at a line of the journal.
      expect(held).toBeLessThan(6);
      const tried = rows.map(({ point }) => point);
      expect(tried).toEqual(expect.arrayContaining(points));
      expect(tried.some((point) => wholeRollbacks.includes(point))).toBe(true);
    },
    1500 * seconds,
  );

  it.skipIf(!isRoot)(
    'has carried back what was written behind a reboot, where a rollback waits for that word, and ends at the start',
    async () => {
      const cases = ['rollback/proven', 'killed-rollback/sound', 'killed-rollback/settle'];
      const flags = ['--seed', '1', ...cases.flatMap((one) => ['--case', one])];
      const { failures, survived } = await sweep(everyKind, flags);
      expect(failures).toEqual([]);
      expect(survived).toBe(cases.length);
    },
    1500 * seconds,
  );

  it.skipIf(!mayNobodyRead)(
    'does so for an ordinary user, in folders for disks',
    async () => {
      const flags = ['--points', 'mid-act', '--sample', '10', '--seed', '2'];
      const { failures, disks } = await sweep(everyKind, flags, asNobody);
      expect({ failures, disks }).toEqual({ failures: [], disks: 'folders' });
    },
    1500 * seconds,
  );

  it.skipIf(!isRoot)(
    'kills the move of a Nix store in each act and before each checkpoint, in each undo and before its record',
    async () => {
      const flags = ['--points', 'mid-act,before-checkpoint,mid-undo,before-undo-record', '--sample', '8']
        .concat('--seed', '3')
        .concat(...['benchmarkRuns=1', 'soakMin=30m', 'soakMax=2h'].map((text) => ['--set', text]));
      const { failures, held } = await sweep('wsl-nix-store', flags);
      expect(failures).toEqual([]);
      expect(held).toBe(0);
    },
    1500 * seconds,
  );
});
