import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { eventsOf, ofType, runsOf } from '../../cli-processes/journal-facts.ts';
import { newPlace, type Place } from '../../cli-processes/place.ts';
import { farMachine, sshdPath, type FarMachine } from './far-machine.ts';

const file = resolve(import.meta.dirname, 'cuts-off-network.ts');
const isRoot = process.getuid?.() === 0;
if (!isRoot || sshdPath === undefined)
  console.warn('without root or sshd no connection is cut by what runs over it');

const elsewhere = '10.213.7.3';

type Login = Awaited<ReturnType<typeof login>>;

/** Calls the program over ssh, and waits for its end; tries again while nobody answers. */
async function login(machine: FarMachine, address: string, ...args: readonly string[]) {
  for (let tries = 0; ; tries += 1) {
    const ended = await end(machine.ssh(address, ...args));
    // What ssh itself says when it cannot connect.
    if (ended.exit !== 255 || tries >= 20) return ended;
    await setTimeout(100);
  }
}

function end(child: ReturnType<FarMachine['ssh']>): Promise<{ exit: number | null; said: string }> {
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => (said += text));
  return new Promise((done) => {
    child.once('close', (exit) => done({ exit, said }));
  });
}

function runArgs(machine: FarMachine, place: Place): readonly string[] {
  const { link, address } = machine;
  const params = [`link=${link}`, `from=${address}`, `to=${elsewhere}`, `world=${place.world}`];
  return ['run', file, ...params.flatMap((param) => ['--set', param])];
}

async function untilDone(place: Place): Promise<string> {
  for (;;) {
    const [run] = runsOf(place);
    const events = run === undefined ? [] : await eventsOf(place, run).catch(() => []);
    if (run !== undefined && ofType(events, 'step.completed').length > 0) return run;
    await setTimeout(20);
  }
}

describe.skipIf(!isRoot || sshdPath === undefined)('a machine that is reached over the network alone', () => {
  test('comes back by itself when a step cut off whoever began it', async () => {
    const place = newPlace();
    const machine = farMachine(place, { MIGRATE_TEST_WITHIN_S: '4' });
    await login(machine, machine.address, '--version');
    const cut = machine.ssh(machine.address, ...runArgs(machine, place));
    const ended = end(cut);
    const run = await untilDone(place);
    // Nobody gets in by the old way any more.
    expect((await end(machine.ssh(machine.address, 'status'))).exit).toBe(255);
    const back: Login = await login(machine, machine.address, 'status', run);
    expect(back.exit, back.said).toBe(0);
    const events = await eventsOf(place, run);
    expect(ofType(events, 'step.expired')).toMatchObject([
      { step: 'address', why: 'nobody confirmed it within 4 s' },
    ]);
    expect(ofType(events, 'undo.completed')).toMatchObject([{ step: 'address', by: 'act' }]);
    expect(existsSync(join(place.world, 'after'))).toBe(false);
    // The connection that was cut is there again, since its address is.
    const first = await ended;
    expect(first.exit, first.said).toBe(1);
    expect(first.said).toContain('"address" was taken back: nobody confirmed it within 4 s.');
  });

  test('stays as it is when somebody logs in anew in time and says so, and the run goes on without its terminal', async () => {
    const place = newPlace();
    const machine = farMachine(place, { MIGRATE_TEST_WITHIN_S: '60' });
    await login(machine, machine.address, '--version');
    const cut = machine.ssh(machine.address, ...runArgs(machine, place));
    const run = await untilDone(place);
    const confirmed = await login(machine, elsewhere, 'confirm', run, 'address');
    expect(confirmed.exit, confirmed.said).toBe(0);
    cut.kill('SIGKILL');
    for (;;) {
      const events = await eventsOf(place, run);
      if (events.at(-1)?.type === 'run.completed') break;
      expect(ofType(events, 'step.expired')).toEqual([]);
      await setTimeout(50);
    }
    expect(ofType(await eventsOf(place, run), 'step.confirmed')).toMatchObject([{ from: 'elsewhere' }]);
    expect(existsSync(join(place.world, 'after'))).toBe(true);
    expect((await end(machine.ssh(machine.address, 'status'))).exit).toBe(255);
  });
});
