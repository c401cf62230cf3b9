import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { journalThere, migrateThere } from './migrate-there.ts';
import { cannotBoot, type Machine } from './nspawn.ts';
import { flake, healthFile, layOut, lookOver, newPodmanHost } from './podman-host.ts';

const obstacle = cannotBoot();
if (obstacle !== undefined) console.log(`real podman and a user manager: skipped, since ${obstacle}`);

let machine: Machine;
let runs = 0;

/** Verdicts by check, of the only run in a state folder. */
function verdictsIn(state: string): Record<string, string> {
  const verdicts: Record<string, string> = {};
  for (const event of journalThere(machine, 'podman-restart-validation', state)) {
    if (event.type !== 'step.completed' && event.type !== 'step.failed') continue;
    const found = (event.type === 'step.completed' ? event.output : event.finding) as
      | { verdict?: string; observed?: string }
      | undefined;
    if (found?.verdict !== undefined) verdicts[event.step] = found.verdict;
    else if (event.type === 'step.failed') verdicts[event.step] = event.error.message;
  }
  return verdicts;
}

const given = ['--set', `flake=${flake}`, '--set', `healthFile=${healthFile}`];

async function validate(
  traits: readonly string[],
  prepare: () => Promise<void> = async () => {},
): Promise<Record<string, string>> {
  const began = performance.now();
  const state = `/var/lib/migrate-${(runs += 1)}`;
  await layOut(machine, traits);
  await prepare();
  const before = await lookOver(machine);
  const ended = await migrateThere(
    machine,
    'run',
    'podman-restart-validation',
    '--state-dir',
    state,
    ...given,
  );
  const verdicts = verdictsIn(state);
  console.log(
    traits,
    verdicts,
    performance.now() - began,
    ended.stdout
      .split('\n')
      .filter((line) => /done in ([1-9]|0\.[3-9])/.test(line))
      .join('\n'),
  );
  expect(verdicts['as-before'], ended.stdout + ended.stderr).toBe('PASS');
  expect(await lookOver(machine)).toBe(before);
  if (ended.exitCode !== 0) {
    const back = await migrateThere(
      machine,
      'rollback',
      'podman-restart-validation',
      '--state-dir',
      state,
      '--yes',
    );
    expect(back.exitCode, back.stdout + back.stderr).toBe(0);
    expect(await lookOver(machine)).toBe(before);
  }
  return verdicts;
}

const preconditions = ['exec-start', 'restart-no', 'ownership', 'sd-switch', 'audit-units'];
const tests = [
  't01-no-op-rebuild',
  't02-restart',
  't03-health',
  't05-drift',
  't05-heal',
  't06-stale-drop-in',
  't07-daemon-reload',
  'auto-update-fails',
];
const all = (names: readonly string[], ...verdicts: readonly string[]) =>
  Object.fromEntries(names.map((name, index) => [name, verdicts[index] ?? verdicts.at(-1) ?? '']));

describe.skipIf(obstacle !== undefined)('podman-restart-validation with real podman and systemd', () => {
  beforeAll(async () => {
    machine = await newPodmanHost();
  });
  afterAll(() => machine.end());

  test('says PASS of everything on a sound machine', async () => {
    expect(await validate(['heals'])).toEqual({ ...all([...preconditions, ...tests, 'as-before'], 'PASS') });
  });

  test('says of the machine as it was described what was found there', async () => {
    const found = await validate(['exit-hidden'], async () => {
      await machine.ask('mount', '--bind', '/etc/systemd/user', '/etc/systemd/user');
      await machine.ask('mount', '-o', 'remount,bind,ro', '/etc/systemd/user');
    });
    await machine.ask('umount', '/etc/systemd/user');
    expect(found).toEqual({
      ...all([...preconditions, 'as-before'], 'PASS'),
      ...all(tests, 'PASS', 'PASS', 'PARTIAL', 'FAIL', 'PASS', 'BLOCKED', 'PASS', 'PASS'),
    });
  });

  test('finds each fault that is planted', async () => {
    const traits = [
      ...['no-wrapper', 'restart-on-failure', 'foreign-fragment', 'legacy-switch', 'no-audit-timer'],
      ...['exit-hidden', 'rebuild-restarts', 'audit-blind', 'audit-idle', 'update-swallowed'],
    ];
    expect(await validate(traits)).toEqual({
      ...all(preconditions, 'FAIL'),
      // A unit that Home Manager does not own cannot drift from it, and without the wrapper nothing is verified.
      ...all(tests, 'FAIL', 'PASS', 'FAIL', 'BLOCKED', 'BLOCKED', 'PARTIAL', 'FAIL', 'FAIL'),
      'as-before': 'PASS',
    });
  });
});
