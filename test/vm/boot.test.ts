import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EventBody } from '../../src/journal/event.ts';
import { journalThere, migrateThere, runbookOf, until } from './migrate-there.ts';
import { cannotBoot, newMachine, type Machine } from './nspawn.ts';
import { filesIn, filesInWorld, makeWorld, treeOf } from './worlds.ts';

const obstacle = cannotBoot();
if (obstacle !== undefined) console.log(`runs that go on after a boot: skipped, since ${obstacle}`);

const world = '/srv/world';
let machine: Machine;
const boots: string[] = [];

const journal = () => journalThere(machine, 'reboots');
const noteBoot = async () => void boots.push((await machine.host.boot()).bootId);
/** How often a step was begun, forward or back. */
const begun = (step: string, type: 'step.started' | 'undo.started' = 'step.started') =>
  journal().filter((event) => event.type === type && event.step === step).length;

const has = (type: EventBody['type']) => journal().some((event) => event.type === type);

/** The power is cut. */
async function cut(): Promise<void> {
  await machine.cut();
  await machine.boot();
  await noteBoot();
}

/** Like the power, but by the machine itself: nothing ends in order, nothing is written back. */
async function rebootAtOnce(): Promise<void> {
  void machine.ask('reboot', '--force', '--force');
  await machine.rebooted();
  await noteBoot();
}

async function rebootInOrder(): Promise<void> {
  await machine.ask('systemctl', 'reboot');
  await machine.rebooted();
  await noteBoot();
}

/** Waits until a copy is at some of its files, in a given attempt or, where a boot came in between, a later one. */
async function midCopy(step: string, attempt: number): Promise<void> {
  await until(`${step} copies, attempt ${attempt}`, () => {
    const files = filesIn(machine, `${world}/${step}`);
    return begun(step) >= attempt && files > 2 * attempt && files < filesInWorld;
  });
}

describe.skipIf(obstacle !== undefined)('runs on a machine with systemd', () => {
  beforeAll(async () => {
    machine = newMachine();
    makeWorld(machine, '/srv/plain');
    makeWorld(machine, world);
    await machine.boot();
    await noteBoot();
  });
  afterAll(() => machine.end());

  test('come to their end, and back, through twenty reboots and power cuts by `migrate boot enable` alone', async () => {
    const before = treeOf(machine, world);
    const plainly = (...args: string[]) => migrateThere(machine, '--state-dir', '/var/lib/plain', ...args);
    const params = ['--set', 'world=/srv/plain', '--set', 'rate=100000', '--set', 'soak=1s'];
    expect((await plainly('run', runbookOf('reboots'), ...params)).exitCode).toBe(3);
    await rebootInOrder();
    expect(await plainly('resume', '--wait')).toMatchObject({ exitCode: 0 });

    expect(await migrateThere(machine, 'boot', 'enable', '--every', '1s')).toMatchObject({ exitCode: 0 });
    const run = ['run', runbookOf('reboots'), '--set', `world=${world}`, '--detach'];
    expect(await migrateThere(machine, ...run)).toMatchObject({ exitCode: 0 });
    const beforeRun = boots.length;

    for (const step of ['first', 'second', 'third']) {
      await midCopy(step, 1);
      await cut();
      await midCopy(step, 2);
      await rebootAtOnce();
    }
    const at = (step: string) =>
      journal().some((event) => event.type === 'gate.entered' && event.step === step);
    await until('the reboot gate', () => at('restart'));
    await rebootInOrder();
    for (const step of ['fourth', 'fifth']) {
      await midCopy(step, 1);
      await rebootAtOnce();
      await midCopy(step, 2);
      await cut();
    }
    const samples = () => journal().filter(({ type }) => type === 'gate.sampled').length;
    await until('the first look of the soak', () => samples() >= 1);
    await cut();
    const seen = samples();
    await until('more looks after the boot', () => samples() >= seen + 2);
    await rebootAtOnce();
    await midCopy('sixth', 1);
    await cut();
    await midCopy('sixth', 2);
    await rebootAtOnce();
    await until('the end', () => has('run.completed'));

    expect(treeOf(machine, world)).toBe(treeOf(machine, '/srv/plain'));
    const forward = journal();
    const resumed = forward.filter((event) => event.type === 'run.resumed');
    // The first is that of the detached process.
    expect(
      resumed.map(({ unattended }) => unattended ?? 'a person').filter((by) => by === 'a person'),
    ).toEqual(['a person']);
    expect(forward.filter(({ type }) => type === 'run.stalled')).toEqual([]);
    for (const step of ['first', 'second', 'third', 'fourth', 'fifth'])
      expect([step, begun(step)]).toEqual([step, 3]);
    expect(forward.filter((event) => event.type === 'gate.opened').map(({ by }) => by)).toEqual([
      'boot',
      'time',
    ]);

    expect(await migrateThere(machine, 'rollback', 'reboots', '--yes', '--detach')).toMatchObject({
      exitCode: 0,
    });
    await until('the reboot of the rollback', () => has('rollback.reboot-entered'));
    await rebootInOrder();
    for (const [step, breakOff] of [
      ['sixth', cut],
      ['fifth', rebootAtOnce],
      ['fourth', cut],
      ['second', rebootAtOnce],
    ] as const) {
      await until(`the undo of ${step}`, () => begun(step, 'undo.started') === 1);
      await breakOff();
    }
    await until('everything is undone', () => has('rollback.completed'));
    expect(treeOf(machine, world)).toBe(before);
    expect(boots.length - beforeRun).toBeGreaterThanOrEqual(20);
    expect(new Set(boots).size).toBe(boots.length);
  });
});
