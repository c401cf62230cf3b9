import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  freezeUnits,
  restartUnits,
  startUnits,
  unitErrors,
  unitRestarts,
  unitUp,
} from '../../src/operations/index.ts';
import { drive } from '../operations/drive.ts';
import { cannotBoot, newMachine, type Machine } from './nspawn.ts';

const obstacle = cannotBoot();
if (obstacle !== undefined) console.log(`units on a booted system: skipped, since ${obstacle}`);

let machine: Machine;

/** Units as Debian has them in /usr/lib, and as NixOS has them in /etc. */
const units: Readonly<Record<string, string>> = {
  '/etc/systemd/system/nix-daemon.service': '[Service]\nExecStart=/bin/sleep infinity\n',
  '/etc/systemd/system/nix-daemon.socket':
    '[Socket]\nListenStream=/run/nix-daemon.sock\n[Install]\nWantedBy=sockets.target\n',
  '/etc/systemd/system/nix-gc.service': '[Service]\nType=oneshot\nExecStart=/bin/true\n',
  '/etc/systemd/system/nix-gc.timer': '[Timer]\nOnCalendar=weekly\n',
  '/usr/lib/systemd/system/vendor.service': '[Service]\nExecStart=/bin/sleep infinity\n',
  '/usr/lib/systemd/system/stubborn.service':
    '[Service]\nExecStart=/bin/sh -c "trap : TERM; while :; do sleep 1; done"\nTimeoutStopSec=1\n',
  '/usr/lib/systemd/system/dies-soon.service': '[Service]\nExecStart=/bin/sh -c "sleep 0.3; exit 1"\n',
  '/usr/lib/systemd/system/dies-and-rises.service':
    '[Service]\nExecStart=/bin/sh -c "sleep 0.3"\nRestart=always\nRestartSec=100ms\nStartLimitIntervalSec=0\n',
  '/usr/lib/systemd/system/once.service': '[Service]\nType=oneshot\nExecStart=/bin/true\n',
  '/usr/lib/systemd/system/once-in-vain.service': '[Service]\nType=oneshot\nExecStart=-/bin/sh -c "exit 5"\n',
  '/usr/lib/systemd/system/once-failing.service': '[Service]\nType=oneshot\nExecStart=/bin/sh -c "exit 6"\n',
  '/usr/lib/systemd/system/once-conditional.service':
    '[Unit]\nConditionPathExists=/nowhere\n[Service]\nType=oneshot\nExecStart=/bin/true\n',
  '/usr/lib/systemd/system/once-with-two.service':
    '[Service]\nType=oneshot\nSuccessExitStatus=2\nExecStart=/bin/sh -c "exit 2"\n',
  '/usr/lib/systemd/system/stays.service':
    '[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true\n',
  '/usr/lib/systemd/system/stays-in-vain.service':
    '[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=-/bin/false\n',
};
const timer = '[Timer]\nOnCalendar=yearly\n';

const nix = ['nix-daemon.service', 'nix-daemon.socket', 'nix-gc.service', 'nix-gc.timer'];
const stateOf = async (unit: string) =>
  (await machine.ask('systemctl', 'show', '--property=ActiveState', '--value', unit)).trim();
const property = async (unit: string, name: string) =>
  (await machine.ask('systemctl', 'show', `--property=${name}`, '--value', unit)).trim();
const systemctl = (...args: string[]) => machine.ask('systemctl', ...args);
// A socket refuses to start while its service runs.
const nixUp = async () => {
  if ((await stateOf('nix-daemon.socket')) !== 'active') await systemctl('stop', 'nix-daemon.service');
  await systemctl('start', 'nix-daemon.socket');
  await systemctl('start', 'nix-daemon.service');
};
const onMachine = () => ({ host: machine.host });

describe.skipIf(obstacle !== undefined)('units on a booted system', () => {
  beforeAll(async () => {
    machine = newMachine();
    for (const [path, content] of Object.entries(units)) machine.write(path, content);
    // Known to a timer, so that systemd does not forget them.
    for (const name of ['once', 'once-in-vain']) {
      machine.write(
        `/usr/lib/systemd/system/kept-${name}.service`,
        units[`/usr/lib/systemd/system/${name}.service`] ?? '',
      );
      machine.write(`/usr/lib/systemd/system/kept-${name}.timer`, timer);
    }
    await machine.boot();
    await systemctl('start', 'kept-once.timer', 'kept-once-in-vain.timer');
  });
  afterAll(() => machine.end());

  test('frozen units stop, sockets first, and nothing can start them, also on NixOS where all lie in /etc', async () => {
    await nixUp();
    await systemctl('start', 'nix-gc.timer');
    const step = await drive(freezeUnits, { units: [...nix, 'vendor.service'] }, onMachine());
    await systemctl('start', 'vendor.service');
    const frozen = await drive(freezeUnits, { units: [...nix, 'vendor.service'] }, onMachine());
    expect(await step.probe()).toBe('not-started');
    await frozen.act();
    expect(await frozen.probe()).toBe('done');
    for (const unit of [...nix, 'vendor.service']) {
      expect([unit, await stateOf(unit)]).toEqual([unit, 'inactive']);
      expect(await property(unit, 'LoadState')).toBe('masked');
      await systemctl('start', unit);
      expect(await stateOf(unit)).toBe('inactive');
    }
    await frozen.act();

    await frozen.undo();
    expect(await frozen.probe()).toBe('not-started');
    for (const unit of ['nix-daemon.socket', 'nix-daemon.service', 'nix-gc.timer', 'vendor.service'])
      expect(await stateOf(unit)).toBe('active');
    // It was not up before.
    expect(await stateOf('nix-gc.service')).toBe('inactive');
    expect(
      await machine.ask('find', '/run/systemd/system.control', '/run/systemd/system', '-type', 'l'),
    ).toBe('');
    await systemctl('stop', 'vendor.service');
  });

  test('`systemctl mask --runtime` alone exits with 0 and masks nothing in /etc', async () => {
    await systemctl('mask', '--runtime', 'nix-gc.service');
    expect(await property('nix-gc.service', 'LoadState')).toBe('loaded');
    await systemctl('unmask', '--runtime', 'nix-gc.service');
  });

  test('an undo when nothing was frozen starts and restarts nothing', async () => {
    await nixUp();
    const before = await property('nix-daemon.service', 'InvocationID');
    const step = await drive(freezeUnits, { units: nix }, onMachine());
    await step.undo();
    expect(await property('nix-daemon.service', 'InvocationID')).toBe(before);
    expect(await step.probe()).toBe('not-started');
  });

  test('a freeze that was interrupted is partial wherever it stopped, and ends when run again', async () => {
    await nixUp();
    const step = await drive(freezeUnits, { units: nix }, onMachine());
    const commands = step.described.filter((line) => typeof line !== 'string');
    const answers: unknown[] = [];
    for (let last = 1; last <= commands.length; last += 1) {
      for (const command of commands.slice(0, last)) await machine.host.exec(command, { anyExit: true });
      answers.push(await step.probe());
      await step.undo();
      expect([last, await step.probe()]).toEqual([last, 'not-started']);
      expect(await stateOf('nix-daemon.service')).toBe('active');
    }
    expect(answers[0]).toBe('partial');
    expect(answers.at(-1)).toBe('done');
    await systemctl('stop', 'nix-daemon.service');
    expect(await step.probe()).toBe('partial');
    await step.act();
    await step.undo();
    expect(await stateOf('nix-daemon.service')).toBe('active');
  });

  test('a unit that does not exist is an error, unless it is optional', async () => {
    await expect(drive(freezeUnits, { units: ['nix-demon.service'] }, onMachine())).rejects.toMatchObject({
      code: 'units.not-found',
      message: 'there is no unit nix-demon.service on this machine',
    });
    const optional = await drive(
      freezeUnits,
      { units: ['nix-demon.service'], optional: ['nix-demon.service'] },
      onMachine(),
    );
    expect(await optional.probe()).toBe('done');
    const rest = await drive(
      freezeUnits,
      { units: ['vendor.service'], optional: ['nix-demon.service'], mask: false },
      onMachine(),
    );
    expect(rest.captured.units.map(({ unit }) => unit)).toEqual(['vendor.service']);
    expect(freezeUnits.input.safeParse({ units: ['nix-daemon'] }).success).toBe(false);
    expect(freezeUnits.input.safeParse({ units: ['nix-*.service'] }).success).toBe(false);
  });

  test('a socket that would start a frozen service again must be frozen too', async () => {
    await systemctl('start', 'nix-daemon.socket');
    await expect(drive(freezeUnits, { units: ['nix-daemon.service'] }, onMachine())).rejects.toMatchObject({
      code: 'units.triggered',
      hint: 'Add nix-daemon.socket to the units.',
    });
  });

  test('a unit that was masked before stays masked after the undo', async () => {
    await systemctl('mask', '--runtime', 'vendor.service');
    const step = await drive(freezeUnits, { units: ['vendor.service'] }, onMachine());
    expect(await step.probe()).toBe('done');
    await step.undo();
    expect(await property('vendor.service', 'LoadState')).toBe('masked');
    await systemctl('unmask', '--runtime', 'vendor.service');
  });

  test('a service that must be killed to stop is stopped all the same, and a unit made at run time is refused', async () => {
    await systemctl('start', 'stubborn.service');
    const step = await drive(freezeUnits, { units: ['stubborn.service'], mask: false }, onMachine());
    await step.act();
    expect(await stateOf('stubborn.service')).toBe('failed');
    await step.undo();
    expect(await stateOf('stubborn.service')).toBe('active');
    await systemctl('kill', '--signal=KILL', 'stubborn.service');

    await machine.ask('systemd-run', '--unit=made-now', 'sleep', 'infinity');
    await expect(drive(freezeUnits, { units: ['made-now.service'] }, onMachine())).rejects.toMatchObject({
      code: 'units.transient',
    });
    await systemctl('stop', 'made-now.service');
  });

  test('a changed unit file that systemd has not read is pointed out', async () => {
    await systemctl('start', 'vendor.service');
    machine.write(
      '/usr/lib/systemd/system/vendor.service',
      '[Unit]\nDescription=Changed\n[Service]\nExecStart=/bin/sleep infinity\n',
    );
    // Its time stamp tells systemd, in whole seconds at worst.
    await machine.ask('touch', '-d', '+10 seconds', '/usr/lib/systemd/system/vendor.service');
    const step = await drive(restartUnits, { units: ['vendor.service'], steadyMs: 0 }, onMachine());
    await step.act();
    expect(step.log).toEqual([expect.stringContaining('NeedDaemonReload=yes')]);
    const reloading = await drive(
      restartUnits,
      { units: ['vendor.service'], steadyMs: 0, reload: true },
      onMachine(),
    );
    await reloading.act();
    expect(reloading.log).toEqual([]);
    expect(await property('vendor.service', 'Description')).toBe('Changed');
    await systemctl('stop', 'vendor.service');
  });

  test('units that were started are up, and the undo stops those that were down', async () => {
    await systemctl('stop', ...nix);
    await systemctl('start', 'nix-daemon.socket');
    const step = await drive(
      startUnits,
      { units: ['nix-daemon.service', 'nix-daemon.socket', 'stays.service', 'nix-gc.timer'], steadyMs: 0 },
      onMachine(),
    );
    expect(await step.probe()).toBe('not-started');
    await step.act();
    expect(await step.probe()).toBe('done');
    expect(await stateOf('stays.service')).toBe('active');
    await step.undo();
    expect(await stateOf('nix-daemon.socket')).toBe('active');
    for (const unit of ['nix-daemon.service', 'stays.service', 'nix-gc.timer'])
      expect(await stateOf(unit)).toBe('inactive');
    expect(await step.probe()).toBe('not-started');
    await step.undo();
  });

  test.each(['dies-soon.service', 'dies-and-rises.service', 'stays-in-vain.service'])(
    'starting %s exits with 0 and is a failure',
    async (unit) => {
      const step = await drive(startUnits, { units: [unit], steadyMs: 800 }, onMachine());
      await expect(step.act()).rejects.toMatchObject({
        code: 'units.not-started',
        message: expect.stringContaining(unit),
      });
      await step.undo();
      expect(await stateOf(unit)).not.toBe('active');
    },
  );

  test('a oneshot that ends by itself cannot be up, so starting it is refused with the way out', async () => {
    await expect(drive(startUnits, { units: ['once.service'] }, onMachine())).rejects.toMatchObject({
      code: 'units.ends-by-itself',
      hint: expect.stringContaining('restartUnits'),
    });
  });

  test.each(['once.service', 'kept-once.service', 'once-with-two.service', 'stays.service'])(
    'running %s again is a success',
    async (unit) => {
      const step = await drive(restartUnits, { units: [unit] }, onMachine());
      await step.act();
      await step.undo();
    },
  );

  test.each([
    ['once-in-vain.service', 'exited with 5'],
    ['kept-once-in-vain.service', 'exited with 5'],
    ['once-failing.service', 'Result=exit-code, ExecMainStatus=6'],
    ['once-conditional.service', 'did not run'],
    ['stays-in-vain.service', 'exited with 1'],
  ])('%s is a failure, whatever systemctl exits with', async (unit, why) => {
    const step = await drive(restartUnits, { units: [unit] }, onMachine());
    await expect(step.act()).rejects.toMatchObject({
      code: 'units.not-started',
      message: expect.stringContaining(why),
      hint: expect.stringContaining(unit),
    });
  });

  test('probes tell a crash, a restart by hand and an error in the journal from a unit that was well all along', async () => {
    const unit = 'vendor.service';
    await systemctl('start', unit);
    const context = { host: machine.host } as never;
    const [up, restarts, errors] = [unitUp(unit), unitRestarts(unit), unitErrors(unit)];
    const look = async () => [
      await up.check(context),
      await restarts.counter(context),
      await errors.counter(context),
    ];
    const well = await look();
    expect(well).toMatchObject([true, expect.stringContaining('0 in '), 'none']);
    expect(await look()).toEqual(well);
    await systemctl('restart', unit);
    const [, started] = await look();
    expect(started).not.toBe(well[1]);
    await machine.ask('systemd-run', '--quiet', '--wait', '--unit=noisy', 'sh', '-c', 'echo "<3>it broke"');
    const noisy = unitErrors('noisy.service');
    const first = await noisy.counter(context);
    expect(first).toContain('i=');
    expect(await noisy.counter(context)).toBe(first);
    const across = unitErrors('noisy.service', { lasts: 'boots' });
    await expect(async () => across.counter(context)).rejects.toThrow('not kept over a boot');
    await machine.ask('systemd-run', '--quiet', '--wait', '--unit=noisy', 'sh', '-c', 'echo "<3>again"');
    expect(await noisy.counter(context)).not.toBe(first);
    await systemctl('kill', '--signal=KILL', unit);
    for (let tries = 0; (await stateOf(unit)) === 'active' && tries < 50; tries += 1);
    expect(await up.check(context)).toContain('failed: Result=signal');
  });

  test('after a boot nothing is frozen any more, and a freeze begins anew', async () => {
    await nixUp();
    const step = await drive(freezeUnits, { units: [...nix, 'vendor.service'] }, onMachine());
    await step.act();
    await machine.reboot();
    await nixUp();
    expect(await step.probe()).toBe('not-started');
    await step.act();
    expect(await step.probe()).toBe('done');
    await step.undo();
    expect(await stateOf('nix-daemon.socket')).toBe('active');
  });
});
