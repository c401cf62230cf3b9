import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judgeOrder } from '../../runbooks/wsl-mount-validation/boot-order.ts';
import { judgeFallback } from '../../runbooks/wsl-mount-validation/fallback.ts';
import { judgeRecovery } from '../../runbooks/wsl-mount-validation/recovery.ts';
import { judgeLate, judgeNever } from '../../runbooks/wsl-mount-validation/retries.ts';
import { judgeLog } from '../../runbooks/wsl-mount-validation/service-log.ts';
import {
  environmentOf,
  judgeUnit,
  mountCommands,
  type UnitProperties,
} from '../../runbooks/wsl-mount-validation/unit.ts';
import { windowsText } from '../../runbooks/wsl-mount-validation/windows.ts';
import { judgeWrite } from '../../runbooks/wsl-mount-validation/write-as-user.ts';
import {
  contentOf,
  lastAcknowledged,
  slots,
  tornSlots,
  writer,
} from '../../runbooks/wsl-mount-validation/writer.ts';
import { temporaryFolder } from '../host/folder.ts';

const sound: UnitProperties = {
  LoadState: 'loaded',
  UnitFileState: 'enabled',
  ActiveState: 'active',
  SubState: 'exited',
  Result: 'success',
  Type: 'oneshot',
  RemainAfterExit: 'yes',
  NeedDaemonReload: 'no',
  FragmentPath: '/etc/systemd/system/wsl-storage-mount.service',
  Environment: 'PATH=/a/bin:/b/bin LANG=C ODD="two words"',
  ExecStartPre: '',
  ExecStart:
    '{ path=/nix/store/x-start ; argv[]=/nix/store/x-start --all ; ignore_errors=no ; start_time=[n/a] ; }',
};
const unit = 'wsl-storage-mount.service';

describe('the verdict on the unit', () => {
  test.each([
    [{}, 'PASS'],
    [{ NeedDaemonReload: 'yes' }, 'PARTIAL'],
    [{ LoadState: 'not-found' }, 'FAIL'],
    [{ UnitFileState: 'disabled' }, 'FAIL'],
    [{ ActiveState: 'failed', Result: 'exit-code' }, 'FAIL'],
  ] as const)('%o is %s', (change, verdict) => {
    expect(judgeUnit(unit, { ...sound, ...change }).verdict).toBe(verdict);
  });

  test('takes as its commands what ends when the disk is mounted, and not a main process that goes on', () => {
    expect(mountCommands(sound)).toEqual([['/nix/store/x-start', '--all']]);
    const watching = { ...sound, Type: 'exec', ExecStartPre: '{ path=/x ; argv[]=/x ; }' };
    expect(mountCommands(watching)).toEqual([['/x']]);
    expect(mountCommands({ ...sound, Type: 'exec' })).toEqual([]);
    expect(environmentOf(sound)).toEqual(['PATH=/a/bin:/b/bin', 'LANG=C']);
  });
});

describe('the verdict on what the unit says', () => {
  const p = { mountUnit: unit, logFile: '/var/log/wsl-mount.log', logLimitKibibytes: 1 };
  const file = { bytes: 100, lines: [] };
  test.each([
    ['a few lines', { journal: ['mounted'], file }, 'PASS'],
    ['no log of its own', { journal: ['mounted'], file: undefined }, 'PASS'],
    ['trouble', { journal: ['cannot mount it'], file }, 'PARTIAL'],
    ['nothing at all', { journal: [], file }, 'FAIL'],
    ['a log that nothing bounds', { journal: ['mounted'], file: { ...file, bytes: 1025 } }, 'FAIL'],
  ] as const)('%s', (_, logs, verdict) => expect(judgeLog(p, logs).verdict).toBe(verdict));
});

test.each([
  [[], 'PASS'],
  [['Dependency failed for plex.service.'], 'PARTIAL'],
  [[`Dependency failed for ${unit}.`], 'FAIL'],
  [['sysinit.target: Found ordering cycle on local-fs.target/start'], 'FAIL'],
] as const)('of the boot, %o is %s', (said, verdict) => {
  expect(judgeOrder({ mountUnit: unit, storageMount: '/mnt/wsl/storage' }, said).verdict).toBe(verdict);
});

test.each([
  [true, false, 'PASS'],
  [false, false, 'FAIL'],
  [false, true, 'PASS'],
  [true, true, 'FAIL'],
])('a user who writes: %s, cut over: %s, is %s', (wrote, cutOver, verdict) => {
  const found = { wrote, cutOver, said: 'denied', folder: '/mnt/wsl/storage/nixos-wsl-main' };
  expect(judgeWrite('admin', found).verdict).toBe(verdict);
});

describe('the verdict on retries', () => {
  const tried = { refused: null, exitCode: 0, mounted: true, tookMs: 900, said: [] };
  const failed = { ...tried, exitCode: 1, mounted: false };
  test.each([
    ['mounted once it came', tried, 'PASS'],
    ['given up', failed, 'FAIL'],
    ['found before it came', { ...tried, tookMs: 100 }, 'BLOCKED'],
    ['not tried', { ...tried, refused: 'no disk' }, 'BLOCKED'],
  ] as const)('of a late disk: %s', (_, found, verdict) => {
    expect(judgeLate(unit, 500, { ...found, said: [...found.said] }).verdict).toBe(verdict);
  });
  test.each([
    ['says so', { ...failed, said: ['no disk after 30 tries'] }, 'PASS'],
    ['counts as it goes', { ...failed, said: ['attempt 29 of it', 'attempt 30 of it'] }, 'PASS'],
    ['says nothing of how many', { ...failed, said: ['no disk'] }, 'PARTIAL'],
    ['tries once', { ...failed, said: ['no disk after 1 tries'] }, 'FAIL'],
    ['says that all is well', { ...failed, exitCode: 0 }, 'FAIL'],
    ['never ends', { ...failed, exitCode: null, said: ['still trying'] }, 'FAIL'],
    ['finds it all the same', tried, 'BLOCKED'],
  ] as const)('of a disk that never comes: %s', (_, found, verdict) => {
    expect(judgeNever(unit, 30, { ...found, said: [...found.said] }).verdict).toBe(verdict);
  });
});

test('a unit that takes itself for done is a FAIL, and one that a start heeds is not', () => {
  const found = {
    refused: null,
    by: 'restart' as const,
    tookMs: 10,
    stateMeanwhile: 'active',
    remainAfterExit: true,
  };
  expect(judgeRecovery(unit, found)).toMatchObject({
    verdict: 'FAIL',
    observed: expect.stringContaining('RemainAfterExit'),
  });
  expect(judgeRecovery(unit, { ...found, by: 'start' }).verdict).toBe('PASS');
  expect(judgeRecovery(unit, { ...found, by: 'itself' }).verdict).toBe('PASS');
  expect(judgeRecovery(unit, { ...found, refused: 'in use' }).verdict).toBe('BLOCKED');
});

test('what counts of the fallback is the mount, whatever PowerShell exits with', () => {
  const found = { refused: null, missing: null, mounted: true as true | string, exitCode: 1, said: '' };
  expect(judgeFallback('x.ps1', found).verdict).toBe('PASS');
  expect(judgeFallback('x.ps1', { ...found, mounted: 'nothing', exitCode: 0 }).verdict).toBe('FAIL');
  expect(judgeFallback('x.ps1', { ...found, missing: 'no script' }).verdict).toBe('FAIL');
  expect(judgeFallback('x.ps1', { ...found, refused: 'in use' }).verdict).toBe('BLOCKED');
});

test('text of Windows is read also where it is UTF-16', () => {
  expect(windowsText(Buffer.from('NixOS\r\ndev\r\n', 'utf16le').toString('utf8')).split('\n')).toEqual([
    'NixOS',
    'dev',
    '',
  ]);
});

describe('what the writer leaves', () => {
  /** The contents of all places after so many writes. */
  const after = (number: number) =>
    Array.from({ length: slots }, (_, slot) => {
      const newest = number - ((((number - slot) % slots) + slots) % slots);
      return newest > 0 ? contentOf(newest) : undefined;
    });

  test('is what it says of itself, when it is really run and ended in the middle', () => {
    const folder = temporaryFolder();
    try {
      execFileSync('timeout', ['--signal=KILL', '0.6', 'sh', '-c', writer, 'writer', folder, '', '60'], {
        stdio: 'ignore',
      });
    } catch {
      // It was killed, as it had to be.
    }
    const read = (name: string) => {
      try {
        return readFileSync(join(folder, name), 'utf8');
      } catch {
        return undefined;
      }
    };
    const acknowledged = lastAcknowledged(read('acknowledged') ?? '');
    expect(acknowledged).toBeGreaterThan(0);
    const contents = Array.from({ length: slots }, (_, slot) => read(`slot-${slot}`));
    expect(tornSlots(contents, acknowledged)).toEqual([]);
    rmSync(folder, { recursive: true });
  });

  test('is whole after any number of writes, of which the last may not be acknowledged', () => {
    fc.assert(
      fc.property(fc.nat({ max: 60 }), fc.nat({ max: 1 }), (number, lost) => {
        expect(tornSlots(after(number), Math.max(0, number - lost))).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  test('is told as torn wherever a byte is missing, a place is gone or older than acknowledged', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: slots, max: 60 }),
        fc.nat({ max: slots - 1 }),
        fc.nat(),
        (number, slot, cut) => {
          const whole = after(number);
          const content = whole[slot] ?? '';
          const torn = content.slice(0, cut % content.length);
          expect(tornSlots(whole.with(slot, torn), number)).toHaveLength(1);
          expect(tornSlots(whole.with(slot, undefined), number)).toHaveLength(1);
          expect(tornSlots(after(number - slots).with((number + 1) % slots, undefined), number)).not.toEqual(
            [],
          );
        },
      ),
      { numRuns: 60 },
    );
  });

  test('counts no acknowledgement that was cut off', () => {
    expect(lastAcknowledged('1\n2\n31')).toBe(2);
    expect(lastAcknowledged('')).toBe(0);
  });
});
