import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { journalThere, migrateThere, migrateWords, runbookOf, until } from './migrate-there.ts';
import { cannotBoot, newMachine, type Machine } from './nspawn.ts';
import { filesIn, filesInWorld, makeWorld, treeOf } from './worlds.ts';

const obstacle = cannotBoot();
if (obstacle !== undefined) console.log(`runs without their terminal: skipped, since ${obstacle}`);

let machine: Machine;

const types = (state: string) => journalThere(machine, 'reboots', state).map(({ type }) => type);
const run = (world: string) => [
  ...['run', runbookOf('reboots'), '--set', `world=${world}`, '--until', 'first'],
  // Some seconds, so that a slow machine finds it at work.
  ...['--set', 'rate=64'],
];
/** Some files of the copy are there, and some are not. */
const midCopy = (world: string) =>
  until('it copies', () => {
    const files = filesIn(machine, `${world}/first`);
    return files > 1 && files < filesInWorld;
  });
const isCopied = (world: string) =>
  expect(treeOf(machine, `${world}/first`)).toBe(treeOf(machine, `${world}/source`));

describe.skipIf(obstacle !== undefined)('a run without its terminal', () => {
  beforeAll(async () => {
    machine = newMachine();
    for (const world of ['/srv/a', '/srv/b', '/srv/c', '/srv/d']) makeWorld(machine, world);
    await machine.boot();
  });
  afterAll(() => machine.end());

  test('goes on as a unit of systemd, is shown again by `attach`, and stops in order with its unit', async () => {
    const at = ['--state-dir', '/var/lib/a'];
    const detached = await migrateThere(machine, ...run('/srv/a'), '--detach', '--json', ...at);
    const { run: id, unit } = JSON.parse(detached.stdout) as { run: string; unit: string };
    expect(unit).toBe(`migrate-${id}.service`);
    await midCopy('/srv/a');
    expect(await migrateThere(machine, 'resume', '--detach', ...at)).toMatchObject({ exitCode: 4 });
    await machine.ask('systemctl', 'stop', unit);
    expect(types('/var/lib/a')).toContain('step.interrupted');
    expect(await migrateThere(machine, 'attach', ...at)).toMatchObject({
      exitCode: 130,
      stdout: expect.stringContaining('interrupted by SIGTERM'),
    });

    await migrateThere(machine, 'resume', '--until', 'first', '--detach', ...at);
    const left = await machine.host.exec(
      { argv: [...migrateWords, 'attach', ...at] },
      {
        anyExit: true,
        onLine: (line) => {
          if (line.includes('attached to'))
            void machine.ask('pkill', '--signal', 'INT', '--full', 'migrate.ts attach');
        },
      },
    );
    expect(left).toMatchObject({
      exitCode: 130,
      stderr: expect.stringContaining('goes on. See it again: migrate'),
    });
    const attached = await migrateThere(machine, 'attach', ...at);
    expect(attached).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('reached "first"') });
    isCopied('/srv/a');
    expect(await machine.ask('systemctl', 'list-units', '--all', '--no-legend', 'migrate-reboots*')).toBe('');
  });

  test('is told as killed, and with exit code 130, when its process was', async () => {
    const at = ['--state-dir', '/var/lib/b'];
    const { stdout } = await migrateThere(machine, ...run('/srv/b'), '--detach', '--json', ...at);
    await midCopy('/srv/b');
    const attached = migrateThere(machine, 'attach', ...at);
    await machine.ask('systemctl', 'kill', '--signal=KILL', (JSON.parse(stdout) as { unit: string }).unit);
    // Attached before or after: either way it finds nobody at work.
    expect([130, 2]).toContain((await attached).exitCode);
    expect(await migrateThere(machine, 'resume', '--until', 'first', ...at)).toMatchObject({ exitCode: 0 });
    isCopied('/srv/b');
  });

  describe('over SSH', () => {
    const ssh = (...options: string[]): [string, ...string[]] => [
      ...(['ssh', '-F', 'none', '-i', '/root/key', '-p', '2222', '-o', 'BatchMode=yes'] as const),
      ...[
        '-o',
        'StrictHostKeyChecking=no',
        '-o',
        'UserKnownHostsFile=/dev/null',
        ...options,
        'root@127.0.0.1',
      ],
    ];

    beforeAll(async () => {
      mkdirSync(join(machine.root, 'root/.ssh'), { recursive: true, mode: 0o700 });
      for (const key of ['key', 'hostkey']) {
        await machine.ask('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', `/root/${key}`);
      }
      await machine.ask('cp', '/root/key.pub', '/root/.ssh/authorized_keys');
      machine.write(
        '/root/sshd_config',
        'Port 2222\nListenAddress 127.0.0.1\nHostKey /root/hostkey\nPermitRootLogin yes\nUsePAM no\nPidFile none\n',
      );
      await machine.ask('mkdir', '-p', '/run/sshd');
      await machine.ask(
        'systemd-run',
        '--quiet',
        '--unit=throw-away-sshd',
        '/usr/sbin/sshd',
        '-D',
        '-f',
        '/root/sshd_config',
      );
      await until('sshd answers', async () => (await machine.ask(...ssh(), 'echo', 'here')).includes('here'));
    });

    /** The process of sshd that serves the one connection dies, and the connection with it. */
    const loseConnection = () => machine.ask('pkill', '--signal', 'KILL', '--full', '^sshd: root@');

    test('checkpoints when the connection with its terminal is lost, and goes on at resume', async () => {
      const at = ['--state-dir', '/var/lib/c'];
      const called = machine.ask(...ssh('-tt'), ...migrateWords, ...run('/srv/c'), ...at);
      await midCopy('/srv/c');
      await loseConnection();
      await called;
      await until('it is recorded', () => types('/var/lib/c').includes('run.interrupted'));
      const interrupted = journalThere(machine, 'reboots', '/var/lib/c').find(
        ({ type }) => type === 'run.interrupted',
      );
      expect(interrupted).toMatchObject({ by: 'SIGHUP' });
      expect(await migrateThere(machine, 'resume', '--until', 'first', ...at)).toMatchObject({ exitCode: 0 });
      isCopied('/srv/c');
    });

    test('goes on when the connection is lost that had no terminal, and only its output is', async () => {
      const at = ['--state-dir', '/var/lib/d'];
      const called = machine.ask(...ssh('-T'), ...migrateWords, ...run('/srv/d'), '--verbose', ...at);
      await midCopy('/srv/d');
      await loseConnection();
      await called;
      await until('the step is done', () => types('/var/lib/d').includes('step.completed'));
      expect(types('/var/lib/d')).not.toContain('run.interrupted');
      isCopied('/srv/d');
    });
  });
});
