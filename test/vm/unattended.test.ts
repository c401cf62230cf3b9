import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { journalThere, migrateThere, runbookOf, until } from './migrate-there.ts';
import { cannotBoot, newMachine, type Machine } from './nspawn.ts';

const obstacle = cannotBoot();
if (obstacle !== undefined) console.log(`what units do while nobody is there: skipped, since ${obstacle}`);

let machine: Machine;

const types = (runbook: string, state?: string) =>
  journalThere(machine, runbook, state).map(({ type }) => type);
const saidBy = (unit: string) =>
  machine.ask('journalctl', '--unit', unit, '--output', 'cat', '--no-pager', '--boot');
const stateOf = async (unit: string) =>
  (await machine.ask('systemctl', 'show', '--property=ActiveState', '--value', unit)).trim();
const units = async () =>
  machine.ask(
    'sh',
    '-c',
    'find /etc/systemd -printf "%p %l\\n" | sort; systemctl list-timers --all --no-legend | grep -c migrate',
  );
/** The unit of this boot has done what it could. */
const resumed = (unit = 'migrate-resume.service') =>
  until(`${unit} has ended`, async () => ['inactive', 'failed'].includes(await stateOf(unit)));

async function cut(): Promise<void> {
  await machine.cut();
  await machine.boot();
}

describe.skipIf(obstacle !== undefined)('while nobody is there', () => {
  beforeAll(async () => {
    machine = newMachine();
    machine.write('/srv/one/act.sh', 'echo begun >>$1/log; sleep 1000');
    machine.write('/srv/person/precious', 'kept');
    await machine.boot();
  });
  afterAll(() => machine.end());

  test('`boot disable` leaves nothing of what `boot enable` wrote, and neither touches a unit of somebody else', async () => {
    const before = await units();
    const odd = "/var/lib/it's 100% $HOME";
    expect(await migrateThere(machine, 'boot', 'enable', '--state-dir', odd)).toMatchObject({ exitCode: 0 });
    expect(await units()).not.toBe(before);
    expect(
      await machine.ask('systemd-analyze', 'verify', 'migrate-resume.service', 'migrate-soak.timer'),
    ).toBe('');
    // Every character reaches the program as it is.
    machine.write('/srv/odd/act.sh', 'exit 1');
    await migrateThere(machine, 'run', runbookOf('one-step'), '--set', 'world=/srv/odd', '--state-dir', odd);
    machine.write('/srv/odd/act.sh', 'touch $1/done');
    await machine.ask('systemctl', 'start', 'migrate-resume.service');
    await until('the run is complete', () => types('one-step', odd).includes('run.completed'));
    expect(
      JSON.parse((await migrateThere(machine, 'boot', 'status', '--json', '--state-dir', odd)).stdout),
    ).toMatchObject({
      resumes: true,
      units: [{ wanted: true }, { wanted: true }, { wanted: true, active: 'active' }],
    });
    const other = await migrateThere(machine, 'boot', 'enable');
    expect(other).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(odd) });
    expect((await migrateThere(machine, 'boot', 'disable')).exitCode).toBe(0);
    expect(await units()).toBe(before);

    machine.write('/etc/systemd/system/migrate-soak.timer', '[Timer]\nOnCalendar=yearly\n');
    const foreign = await units();
    expect(await migrateThere(machine, 'boot', 'enable')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('was not written by migrate boot enable'),
    });
    expect((await migrateThere(machine, 'boot', 'disable')).exitCode).toBe(0);
    expect(await units()).toBe(foreign);
    await machine.ask('rm', '/etc/systemd/system/migrate-soak.timer');
    await machine.ask('systemctl', 'daemon-reload');
  });

  test('a run that three boots bring nowhere is left alone until a person resumes, and it says so', async () => {
    await migrateThere(machine, 'boot', 'enable', '--every', '1s');
    await migrateThere(machine, 'run', runbookOf('one-step'), '--set', 'world=/srv/one', '--detach');
    const starts = () => types('one-step').filter((type) => type === 'step.started').length;
    for (let attempt = 1; attempt <= 4; attempt += 1) {
      await until(`attempt ${attempt}`, () => starts() === attempt);
      await cut();
    }
    await resumed();
    expect(await saidBy('migrate-resume')).toContain('booted 3 times');
    await cut();
    await resumed();
    expect(starts()).toBe(4);
    expect(types('one-step').filter((type) => type === 'run.stalled')).toHaveLength(1);
    const status = JSON.parse((await migrateThere(machine, 'boot', 'status', '--json')).stdout) as object;
    expect(status).toMatchObject({
      resumes: true,
      needPerson: [{ why: expect.stringContaining('booted 3 times') }],
    });

    machine.write('/srv/one/act.sh', 'touch $1/done');
    expect(await migrateThere(machine, 'resume', 'one-step')).toMatchObject({ exitCode: 0 });
  });

  test('the timer looks at a soak and opens it; what cannot be undone waits; a mount is seen by all', async () => {
    await migrateThere(machine, 'run', runbookOf('needs-person'), '--set', 'world=/srv/person', '--detach');
    await until('it soaks', () => types('needs-person').includes('gate.entered'));
    expect(await machine.ask('findmnt', '--noheadings', '--output', 'TARGET', '/srv/person/seen')).toBe(
      '/srv/person/seen\n',
    );
    await until('the soak is open', () => types('needs-person').includes('gate.opened'));
    await until('the timer rests', async () => (await stateOf('migrate-soak.service')) === 'inactive');
    expect(await saidBy('migrate-soak')).toContain('--accept-irreversible delete');
    // Nobody is logged in there, but the system's log was told, once.
    const told = await machine.ask('journalctl', '--identifier=migrate', '--output=cat', '--no-pager');
    expect(told).toContain('step "delete" cannot be undone');
    expect(
      journalThere(machine, 'needs-person').filter(({ type }) => type === 'operator.notified'),
    ).toMatchObject([
      { kind: 'gate-opened', by: 'logger', exitCode: 0 },
      { kind: 'waiting', step: 'delete', by: 'logger', exitCode: 0 },
    ]);
    expect(readFileSync(join(machine.root, '/srv/person/precious'), 'utf8')).toBe('kept');
    expect(journalThere(machine, 'needs-person').find(({ type }) => type === 'gate.opened')).toMatchObject({
      by: 'time',
    });
    // Consent that was given before a crash does not outlive it either.
    await cut();
    await resumed();
    expect(readFileSync(join(machine.root, '/srv/person/precious'), 'utf8')).toBe('kept');
    const consented = await migrateThere(
      machine,
      'resume',
      'needs-person',
      '--accept-irreversible',
      'delete',
    );
    expect(consented).toMatchObject({ exitCode: 3, stdout: expect.stringContaining('migrate confirm') });
    await cut();
    await resumed();
    expect(types('needs-person')).not.toContain('run.completed');
    expect((await migrateThere(machine, 'abort', 'needs-person', '--yes')).exitCode).toBe(0);
  });

  test("a disk that comes late is waited for, be it the run's or that of the state folder", async () => {
    await migrateThere(machine, 'boot', 'disable');
    for (const name of ['state', 'work'])
      mkdirSync(join(machine.root, `/srv/${name}-disk`), { recursive: true });
    // One comes by a mount unit that is late, the other by a command that systemd knows nothing of.
    machine.write(
      '/etc/systemd/system/srv-state.mount',
      '[Unit]\nAfter=late.service\n[Mount]\nWhat=/srv/state-disk\nWhere=/srv/state\nType=none\nOptions=bind\n',
    );
    machine.write(
      '/etc/systemd/system/late.service',
      '[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=sleep 2\n[Install]\nWantedBy=multi-user.target\n',
    );
    machine.write(
      '/etc/systemd/system/later.service',
      '[Unit]\nAfter=srv-state.mount\n[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/opt/until-waited-for\nExecStart=mount --bind /srv/work-disk /srv/work\n[Install]\nWantedBy=multi-user.target\n',
    );
    machine.write(
      '/opt/until-waited-for',
      '#!/bin/sh\ntest -e /srv/work-disk/go || exit 0\nuntil journalctl --unit migrate-resume --boot | grep -q waiting; do sleep 0.1; done\n',
    );
    await machine.ask('chmod', '+x', '/opt/until-waited-for');
    await machine.ask('mkdir', '-p', '/srv/state', '/srv/work');
    await machine.ask('systemctl', 'daemon-reload');
    await machine.ask('systemctl', 'enable', '--now', 'late.service', 'later.service');
    await machine.ask('systemctl', 'start', 'srv-state.mount');
    machine.write('/srv/work-disk/act.sh', 'test -e $1/go && touch $1/done');
    const there = ['--state-dir', '/srv/state/migrate'];
    const enabled = await migrateThere(machine, 'boot', 'enable', ...there);
    expect(enabled).toMatchObject({ exitCode: 0 });
    const ran = await migrateThere(
      machine,
      'run',
      runbookOf('one-step'),
      '--set',
      'world=/srv/work',
      ...there,
    );
    expect(ran.exitCode).toBe(1);
    machine.write('/srv/work-disk/go', '');
    await cut();
    await until('the run is complete', () =>
      types('one-step', '/srv/state-disk/migrate').includes('run.completed'),
    );
    expect(await saidBy('migrate-resume')).toContain(
      'waiting up to 120 s for what is not mounted yet: /srv/work',
    );
    expect(readFileSync(join(machine.root, '/srv/work-disk/done'), 'utf8')).toBe('');
  });
});
