import { describe, expect, test } from 'vitest';
import type { UnitState } from '../../runbooks/podman-restart-validation/ask.ts';
import { neverRestarted, wrapperStarts } from '../../runbooks/podman-restart-validation/preconditions.ts';
import { compareStanding } from '../../runbooks/podman-restart-validation/standing.ts';
import {
  dropInIsFound,
  errorPropagates,
  failureShows,
  rebuildHeals,
  reloadedByAudit,
  restartedWell,
  sameContainers,
} from '../../runbooks/podman-restart-validation/verdicts.ts';

const well: UnitState = {
  LoadState: 'loaded',
  ActiveState: 'active',
  SubState: 'exited',
  Result: 'success',
  ExecMainStatus: '0',
  Restart: 'no',
  ExecStart: '{ path=/nix/store/x-apply-and-verify/bin/apply-and-verify ; }',
  FragmentPath: '',
  DropInPaths: '',
  NeedDaemonReload: 'no',
};
const failed = {
  ...well,
  ActiveState: 'failed',
  SubState: 'failed',
  Result: 'exit-code',
  ExecMainStatus: '1',
};
const verdict = ({ verdict }: { readonly verdict: string }) => verdict;

describe('T01', () => {
  const seen = (at: string, kind: 'link' | 'file' = 'link') => ({
    system: '/nix/store/system',
    startedAt: { probe: at },
    unitFile: { kind, target: kind === 'link' ? '/nix/store/unit' : null },
  });

  test('is PASS only where every container began when it did before, and the rebuild went well', () => {
    const rebuilt = { exitCode: 0, before: seen('one'), after: seen('one') };
    expect(verdict(sameContainers(rebuilt, ''))).toBe('PASS');
    expect(verdict(sameContainers({ ...rebuilt, exitCode: 4 }, ''))).toBe('PARTIAL');
    expect(verdict(sameContainers({ ...rebuilt, after: seen('two') }, ''))).toBe('FAIL');
    expect(sameContainers(undefined, 'it builds another')).toMatchObject({
      verdict: 'BLOCKED',
      unblock: expect.stringContaining('Switch'),
    });
  });

  test('and T05 takes a link to something else for no healing, and says nothing where no drift was', () => {
    const over = (after: ReturnType<typeof seen>) => ({ exitCode: 0, before: seen('one', 'file'), after });
    expect(verdict(rebuildHeals(over(seen('one')), '/nix/store/unit', ''))).toBe('PASS');
    expect(verdict(rebuildHeals(over(seen('one')), '/nix/store/another', ''))).toBe('FAIL');
    expect(verdict(rebuildHeals(over(seen('one', 'file')), '/nix/store/unit', ''))).toBe('FAIL');
    const without = { ...over(seen('one')), before: seen('one') };
    expect(verdict(rebuildHeals(without, '/nix/store/unit', ''))).toBe('BLOCKED');
    expect(verdict(rebuildHeals(undefined, undefined, 'it is a regular file'))).toBe('BLOCKED');
  });
});

describe('T02 and T03', () => {
  const restarted = (exitCode: number, state: UnitState, health: number | null = 1) => ({
    unit: 'probe-stack.service',
    exitCode,
    state,
    health,
  });

  test('a restart is good only when its exit code and all four properties are', () => {
    expect(verdict(restartedWell([restarted(0, well), restarted(0, well)]))).toBe('PASS');
    expect(verdict(restartedWell([restarted(0, well), restarted(1, well)]))).toBe('FAIL');
    for (const change of [
      { ActiveState: 'activating' },
      { SubState: 'running' },
      { Result: 'timeout' },
      { ExecMainStatus: '1' },
    ])
      expect(verdict(restartedWell([restarted(0, { ...well, ...change })]))).toBe('FAIL');
  });

  test('a failing health check surfaces in both, in one of them, or nowhere', () => {
    expect(verdict(failureShows(restarted(1, failed)))).toBe('PASS');
    expect(verdict(failureShows(restarted(0, failed)))).toBe('PARTIAL');
    expect(verdict(failureShows(restarted(1, well)))).toBe('PARTIAL');
    expect(verdict(failureShows(restarted(0, { ...well, ExecMainStatus: '1' })))).toBe('PARTIAL');
    expect(verdict(failureShows(restarted(0, well)))).toBe('FAIL');
    // Nothing was tried then.
    expect(verdict(failureShows(restarted(0, well, 0)))).toBe('BLOCKED');
  });
});

describe('T06 and T07', () => {
  const path = '/etc/systemd/user/probe.service.d/zz.conf';
  const planted = { path, folderWasThere: false, needsReload: 'yes', isLoaded: true };
  const audit = { exitCode: 0, state: well, said: [] as string[], stack: well };

  test('a drop-in counts as found by the audit, half found by systemd alone, and is BLOCKED where none can be', () => {
    expect(verdict(dropInIsFound(planted, { ...audit, said: [`foreign: ${path}`] }, ''))).toBe('PASS');
    expect(verdict(dropInIsFound(planted, { ...audit, exitCode: 1 }, ''))).toBe('PASS');
    expect(verdict(dropInIsFound(planted, audit, ''))).toBe('PARTIAL');
    expect(verdict(dropInIsFound({ ...planted, isLoaded: false }, audit, ''))).toBe('FAIL');
    expect(verdict(dropInIsFound(planted, undefined, ''))).toBe('BLOCKED');
    expect(dropInIsFound(undefined, undefined, 'it is mounted read-only')).toMatchObject({
      verdict: 'BLOCKED',
      observed: expect.stringContaining('read-only'),
      unblock: expect.stringContaining('written'),
    });
  });

  test('the audit has reloaded only when there was something to reload, and is not any more', () => {
    expect(verdict(reloadedByAudit(planted, audit))).toBe('PASS');
    const idle = { ...audit, stack: { ...well, NeedDaemonReload: 'yes' } };
    expect(verdict(reloadedByAudit(planted, idle))).toBe('FAIL');
    expect(verdict(reloadedByAudit({ ...planted, needsReload: 'no' }, audit))).toBe('BLOCKED');
    expect(verdict(reloadedByAudit(planted, undefined))).toBe('BLOCKED');
  });
});

test('an error of auto-update has propagated when the unit fails with the status of podman', () => {
  const of = (podman: number, state: UnitState, exitCode = 1) =>
    verdict(errorPropagates({ podman, exitCode, state }, { why: '', unblock: '' }));
  expect(of(125, { ...failed, ExecMainStatus: '125' })).toBe('PASS');
  expect(of(125, failed)).toBe('PARTIAL');
  expect(of(125, well, 0)).toBe('FAIL');
  expect(of(0, { ...failed, ExecMainStatus: '125' })).toBe('BLOCKED');
  expect(errorPropagates(undefined, { why: 'it would replace web', unblock: 'wait' })).toEqual({
    verdict: 'BLOCKED',
    observed: 'it would replace web',
    unblock: 'wait',
  });
});

test('preconditions name each unit that is not as it should be', () => {
  expect(verdict(wrapperStarts({ 'a.service': well }, 'apply-and-verify'))).toBe('PASS');
  expect(verdict(neverRestarted({ 'a.service': well }))).toBe('PASS');
  const other = { ...well, ExecStart: '{ path=/bin/podman ; }', Restart: 'on-failure' };
  expect(wrapperStarts({ 'a.service': well, 'b.service': other }, 'apply-and-verify')).toMatchObject({
    verdict: 'FAIL',
    observed: expect.stringMatching(/^b\.service: its ExecStart is /),
  });
  expect(neverRestarted({ 'b.service': other }).observed).toBe('b.service: Restart=on-failure');
});

test('everything is as before also where a manager was told of its files, and a unit that had failed went well', () => {
  const before = { 'a file': 'a link', reload: 'NeedDaemonReload=yes', 'x.service ActiveState': 'failed' };
  expect(verdict(compareStanding(before, before))).toBe('PASS');
  const after = { ...before, reload: 'NeedDaemonReload=no', 'x.service ActiveState': 'inactive' };
  expect(verdict(compareStanding(before, after))).toBe('PASS');
  expect(verdict(compareStanding(after, before))).toBe('FAIL');
  expect(compareStanding(before, { ...before, 'a file': 'gone' }).observed).toBe(
    'a file was a link, is gone',
  );
});
