import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CommandResult } from '../../src/runbook/index.ts';
import { journalThere, migrateThere } from './migrate-there.ts';
import { cannotBoot, node, type Machine } from './nspawn.ts';
import { flake, healthFile, layOut, lookOver, newPodmanHost, user } from './podman-host.ts';

const obstacle = cannotBoot();
if (obstacle !== undefined) console.log(`real podman and a user manager: skipped, since ${obstacle}`);

let machine: Machine;

const runbook = 'podman-restart-validation';
const mortal = join(resolve(import.meta.dirname, '../..'), 'src/rehearsal/migrate-in-world.ts');
const run = ['run', runbook, '--set', `flake=${flake}`, '--set', `healthFile=${healthFile}`];
const said = ({ stdout, stderr }: CommandResult) => stdout + stderr;

/** Calls migrate, which dies by SIGKILL at these places, each once; and again until it was not killed. */
async function dying(
  state: string,
  places: readonly string[],
): Promise<{ ended: CommandResult; kills: number }> {
  machine.write('/.world/clock', '');
  await machine.ask('sh', '-c', 'rm -f /.world/crashed*');
  const env = { MIGRATE_WORLD_CRASH: places.join(','), NODE_COMPILE_CACHE: '/.world/compiled' };
  const words = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const call = (args: readonly string[]) =>
    machine.host.exec(
      { argv: ['env', ...words, node, mortal, '--state-dir', state, ...args] },
      { anyExit: true },
    );
  let ended = await call(run);
  let kills = 0;
  for (; ended.exitCode === null || ended.exitCode === 137; kills += 1) {
    if (kills + 1 === places.length && places.length === 1) return { ended, kills: 1 };
    ended = await call(['resume', runbook]);
  }
  return { ended, kills };
}

async function rollBack(state: string): Promise<void> {
  const back = await migrateThere(machine, 'rollback', runbook, '--state-dir', state, '--yes');
  expect(back.exitCode, said(back)).toBe(0);
}

/** By check, of the only run in a state folder; the latest word of each. */
function verdictsIn(state: string): Record<string, string> {
  const verdicts: Record<string, string> = {};
  for (const event of journalThere(machine, runbook, state)) {
    if (event.type !== 'step.completed' && event.type !== 'step.failed') continue;
    const found = event.type === 'step.completed' ? event.output : event.finding;
    if (typeof found === 'object' && found !== null && 'verdict' in found)
      verdicts[event.step] = String(found.verdict);
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

  test('says PASS of everything on a sound machine, also after a run that was killed while a stack was unhealthy and taken back', async () => {
    await layOut(machine, ['heals']);
    const before = await lookOver(machine);
    // While systemd is at the restart that will fail.
    const killed = await dying('/var/lib/migrate-killed', ['mid-act:unhealthy:2']);
    expect(killed.kills, said(killed.ended)).toBe(1);
    expect(await lookOver(machine)).not.toBe(before);
    await rollBack('/var/lib/migrate-killed');
    expect(await lookOver(machine)).toBe(before);

    const done = await migrateThere(machine, ...run, '--state-dir', '/var/lib/migrate-sound');
    expect(verdictsIn('/var/lib/migrate-sound'), said(done)).toEqual(
      all([...preconditions, ...tests, 'as-before'], 'PASS'),
    );
    expect(done.exitCode).toBe(0);
    expect(await lookOver(machine)).toBe(before);
  });

  test('says of the machine as it was described what was found there, also when it is killed within each test', async () => {
    const state = '/var/lib/migrate-described';
    await layOut(machine, ['exit-hidden']);
    await machine.ask('mount', '--bind', '/etc/systemd/user', '/etc/systemd/user');
    await machine.ask('mount', '-o', 'remount,bind,ro', '/etc/systemd/user');
    const before = await lookOver(machine);
    const steps = ['rebuild', 'restart', 'unhealthy:2', 'rebuild-over-drift', 'drop-in:3', 'auto-update'];
    const { ended, kills } = await dying(
      state,
      steps.map((step) => `mid-act:${step}`),
    );
    expect(kills, said(ended)).toBe(steps.length);
    expect(verdictsIn(state), said(ended)).toEqual({
      ...all([...preconditions, 'as-before'], 'PASS'),
      ...all(tests, 'PASS', 'PASS', 'PARTIAL', 'FAIL', 'PASS', 'BLOCKED', 'PASS', 'PASS'),
    });
    expect(said(ended)).toContain('is mounted read-only');
    expect(await lookOver(machine)).toBe(before);
    await rollBack(state);
    expect(await lookOver(machine)).toBe(before);
    await machine.ask('umount', '/etc/systemd/user');
  });

  test('finds each fault that is planted', async () => {
    const state = '/var/lib/migrate-faults';
    const traits = [
      ...['no-wrapper', 'restart-on-failure', 'foreign-fragment', 'legacy-switch', 'no-audit-timer'],
      ...['rebuild-restarts', 'audit-blind', 'audit-idle', 'update-swallowed'],
    ];
    await layOut(machine, traits);
    const before = await lookOver(machine);
    const other = `/home/${user}/restart-probe-b/health`;
    await migrateThere(machine, ...run, '--until', 'rebuild', '--state-dir', state);
    // No restart of it comes to a good end from here on.
    machine.write(other, 'unhealthy\n');
    const ended = await migrateThere(machine, 'resume', '--yes', '--state-dir', state);
    expect(verdictsIn(state), said(ended)).toEqual({
      ...all(preconditions, 'FAIL'),
      // A unit that Home Manager does not own cannot drift from it, and without the wrapper nothing is verified.
      ...all(tests, 'FAIL', 'FAIL', 'FAIL', 'BLOCKED', 'BLOCKED', 'PARTIAL', 'FAIL', 'FAIL'),
      'as-before': 'FAIL',
    });
    expect(said(ended)).toContain('restart-probe-b-stack.service: restart returned 1');
    machine.write(other, 'healthy\n');
    await rollBack(state);
    expect(await lookOver(machine)).toBe(before);
  });
});
