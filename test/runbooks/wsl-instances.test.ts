import { describe, expect, test } from 'vitest';
import { judgeContention, judgeStores } from '../../runbooks/wsl-multi-instance/at-once.ts';
import { assigned, judgeSubfolders } from '../../runbooks/wsl-multi-instance/configuration.ts';
import { within } from '../../runbooks/wsl-multi-instance/instances.ts';
import { judgeSeen, judgeWritten } from '../../runbooks/wsl-multi-instance/isolation.ts';
import { params } from '../../runbooks/wsl-multi-instance/params.ts';
import { judgeQuota } from '../../runbooks/wsl-multi-instance/quota.ts';
import { compareBenchmarks } from '../../runbooks/wsl-nix-store/benchmarks.ts';

const given = params.parse({ storageUuid: 'abcd-1234', flake: '/f', user: 'admin' });
const [main, dev] = given.instances;
if (main === undefined || dev === undefined) throw new Error('there are fewer than two instances');

describe('folders of instances', () => {
  test('are read of plain assignments, and not of comments', () => {
    const text =
      '# nixStoreSubdir = "old";\n{ wslStorageMount = { nixStoreSubdir = "a"; }; /* nixStoreSubdir = "b"; */ }';
    expect(assigned(text, 'nixStoreSubdir')).toEqual(['a']);
    expect(assigned('x.nixStoreSubdir="a#b";', 'nixStoreSubdir')).toEqual(['a#b']);
    expect(assigned('otherNixStoreSubdir = "a";', 'nixStoreSubdir')).toEqual([]);
  });
  test.each([
    ['one each', [main.subfolder], [dev.subfolder], 'PASS'],
    ['the same for both', [main.subfolder], [main.subfolder], 'FAIL'],
    ['another than is meant', [main.subfolder], ['elsewhere'], 'FAIL'],
    ['said twice', [main.subfolder], [dev.subfolder, 'again'], 'BLOCKED'],
    ['not said', [main.subfolder], [], 'BLOCKED'],
    ['no file', [main.subfolder], undefined, 'BLOCKED'],
  ] as const)('%s', (_, one, other, verdict) => {
    const read = [
      { one: main, found: one },
      { one: dev, found: other },
    ];
    expect(judgeSubfolders('nixStoreSubdir', read).verdict).toBe(verdict);
  });
});

test('no word that Windows would take for its own goes through wsl.exe', () => {
  expect(within(dev, 'root', '/mnt/wsl/x.sh', 'mark', 3).argv).toContain('nixos-wsl-dev');
  for (const word of ['a b', '$HOME', '"', '%PATH%', '..;x'])
    expect(() => within(dev, 'root', '/x.sh', word)).toThrow(/as they are/);
});

test('what one sees or may write of another is a FAIL, and an instance that lives elsewhere is not taken for isolated', () => {
  const pair = { of: 'main', by: 'dev', seen: false, wrote: false };
  expect(judgeSeen({ elsewhere: [], pairs: [pair] }).verdict).toBe('PASS');
  expect(judgeSeen({ elsewhere: ['dev'], pairs: [pair] }).verdict).toBe('BLOCKED');
  expect(judgeSeen({ elsewhere: ['dev'], pairs: [{ ...pair, seen: true }] }).verdict).toBe('FAIL');
  expect(judgeWritten({ elsewhere: [], pairs: [pair] }).verdict).toBe('PASS');
  expect(judgeWritten({ elsewhere: [], pairs: [{ ...pair, wrote: true }] }).verdict).toBe('FAIL');
});

test('a quota holds when it stops the one and not the other', () => {
  const found = { missing: null, limitedMebibytes: 4, otherMebibytes: 8, said: '' };
  expect(judgeQuota(4, found).verdict).toBe('PASS');
  expect(judgeQuota(4, { ...found, limitedMebibytes: 8 }).verdict).toBe('FAIL');
  expect(judgeQuota(4, { ...found, otherMebibytes: 4 }).verdict).toBe('FAIL');
  expect(judgeQuota(4, { ...found, missing: 'no kernel for it' })).toMatchObject({
    verdict: 'BLOCKED',
    observed: 'no kernel for it',
  });
});

test('contention is a number with a limit, and a failed addition is never one', () => {
  const round = (ms: number, failed = 0) => ({ ms, failed, waited: 1 });
  const timed = {
    alone: { main: [round(100), round(110)], dev: [round(90)] },
    together: { main: [round(250), round(260)], dev: [round(100)] },
    oneStore: [round(300)],
    unsound: [],
  };
  expect(judgeContention(3, timed)).toMatchObject({
    verdict: 'PASS',
    evidence: { waitedForLocks: 7, chart: { unit: 'ms' } },
  });
  expect(judgeContention(2, timed).verdict).toBe('PARTIAL');
  expect(judgeContention(3, { ...timed, oneStore: [round(1, 1)] }).verdict).toBe('FAIL');
  expect(judgeStores(timed).verdict).toBe('PASS');
  expect(judgeStores({ ...timed, unsound: ['dev'] }).verdict).toBe('FAIL');
});

test.each([
  [1000, 400, 'PASS'],
  [1000, 700, 'PASS'],
  [1000, 100, 'PASS'],
  [1000, 701, 'PASS'],
  [1000, 710, 'PARTIAL'],
  [1000, 990, 'PARTIAL'],
  [1000, 1000, 'FAIL'],
  [1000, 1500, 'FAIL'],
])('from %d to %d ms is %s of the 30 to 60 %% that were planned', (before, after, verdict) => {
  const of = (ms: number) => ({ ms: [ms, ms + 1], medianMs: ms, spread: 0.1 });
  const finding = compareBenchmarks(of(before), of(after), { title: 'Builds', worse: 'FAIL' });
  expect(finding.verdict).toBe(verdict);
  expect(finding.evidence).toMatchObject({
    chart: {
      title: 'Builds',
      unit: 'ms',
      series: [{ name: 'before', values: [before, before + 1] }, { name: 'after' }],
    },
  });
});
