import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  isUp,
  parseUnitStates,
  triggersFirst,
  unitName,
  type UnitState,
} from '../../src/operations/units/unit-state.ts';
import { startProblem } from '../../src/operations/units/unit-verdict.ts';

/** As `systemctl show` printed it for a running service and for a unit that does not exist. */
const printed = `Type=simple
RemainAfterExit=no
Result=success
NRestarts=0
SuccessExitStatus=
MainPID=41
ExecMainCode=0
ExecMainStatus=0
TriggeredBy=nix-daemon.socket nix-gc.timer
LoadState=loaded
ActiveState=active
SubState=running
FragmentPath=/etc/systemd/system/a=b.service
UnitFileState=static
NeedDaemonReload=no
ConditionResult=yes
InvocationID=5aeed28481854a8494af9b5e91c3f74b

LoadState=not-found
ActiveState=inactive
SubState=dead
FragmentPath=
`;

const [running, absent] = parseUnitStates(printed) as [UnitState, UnitState];
const oneshot: UnitState = {
  ...running,
  Type: 'oneshot',
  ActiveState: 'inactive',
  SubState: 'dead',
  ExecMainCode: '1',
  MainPID: '0',
};

test('properties are read unit by unit, and one that a unit lacks is empty', () => {
  expect(running).toMatchObject({
    FragmentPath: '/etc/systemd/system/a=b.service',
    TriggeredBy: 'nix-daemon.socket nix-gc.timer',
  });
  expect(absent).toMatchObject({ LoadState: 'not-found', Type: '', ExecMainStatus: '' });
});

test.each<[string, UnitState, string | undefined]>([
  ['a running service', running, undefined],
  ['a oneshot that has done its work', oneshot, undefined],
  ['a unit that does not exist', absent, 'is not-found'],
  [
    'a service that starts again and again',
    { ...running, ActiveState: 'activating', SubState: 'auto-restart' },
    'is activating (auto-restart)',
  ],
  [
    'a failed service',
    { ...running, ActiveState: 'failed', Result: 'exit-code', ExecMainStatus: '3' },
    'failed: Result=exit-code, ExecMainStatus=3',
  ],
  [
    'an inactive service that succeeded',
    { ...running, ActiveState: 'inactive', SubState: 'dead' },
    'is inactive (dead)',
  ],
  [
    'a oneshot that still works',
    { ...oneshot, ActiveState: 'activating', SubState: 'start' },
    'has not ended: activating (start)',
  ],
  [
    'a oneshot whose condition did not hold',
    { ...oneshot, ConditionResult: 'no' },
    'did not run: one of its conditions does not hold',
  ],
  [
    'a oneshot whose failure the unit ignores',
    { ...oneshot, ExecMainStatus: '5' },
    'its command exited with 5, and the unit ignores that',
  ],
  [
    'a oneshot whose exit status counts as success',
    { ...oneshot, ExecMainStatus: '5', SuccessExitStatus: '2 5 KILL' },
    undefined,
  ],
  [
    'a oneshot that an accepted signal ended',
    { ...oneshot, ExecMainCode: '2', ExecMainStatus: '15' },
    undefined,
  ],
  ['a socket', { ...absent, LoadState: 'loaded', ActiveState: 'active', Result: 'success' }, undefined],
])('the verdict on %s follows from its properties', (_, state, problem) => {
  expect(startProblem(state)).toBe(problem);
});

test('a oneshot in the middle of its work is not up, since it ends by itself', () => {
  expect(isUp(running)).toBe(true);
  expect(isUp({ ...running, ActiveState: 'activating' })).toBe(true);
  expect(isUp({ ...oneshot, ActiveState: 'activating' })).toBe(false);
});

test('what starts others comes first, and no unit is lost', () => {
  const unit = fc.constantFrom(
    'a.service',
    'a.socket',
    'b@x.timer',
    'c.path',
    'mnt.automount',
    'd.mount',
    'e.target',
  );
  fc.assert(
    fc.property(fc.array(unit), (units) => {
      const { triggers, others } = triggersFirst(units);
      expect([...triggers, ...others].toSorted()).toEqual(units.toSorted());
      expect(others.some((name) => /socket|timer|path|automount/.test(name))).toBe(false);
    }),
  );
});

test('a unit is named in full', () => {
  for (const name of ['nix-daemon.socket', 'getty@tty1.service', String.raw`mnt-a\x2db.mount`]) {
    expect(unitName.safeParse(name).success).toBe(true);
  }
  for (const name of ['nix-daemon', 'nix-*.service', '--now', 'a b.service', '']) {
    expect(unitName.safeParse(name).success).toBe(false);
  }
});
