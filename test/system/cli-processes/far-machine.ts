import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { quoteWord } from '../../../src/runbook/index.ts';
import { program } from '../../cli-processes/migrate.ts';
import type { Place } from '../../cli-processes/place.ts';

export const sshd = spawnSync('sh', ['-c', 'PATH=$PATH:/usr/sbin command -v sshd'], { encoding: 'utf8' });
/** `undefined` where it is not installed. */
export const sshdPath = sshd.status === 0 ? sshd.stdout.trim() : undefined;

/** A machine with a network of its own, which is reached over one cable and ssh alone. */
export interface FarMachine {
  /** Its end of the cable. */
  readonly link: string;
  readonly address: string;
  /** Logs in at an address and calls `migrate` there. */
  ssh(address: string, ...args: readonly string[]): ChildProcess;
}

/**
 * A namespace with a veth pair and an sshd in it, gone when the test ends.
 * @param env given to each `migrate` there
 */
export function farMachine(place: Place, env: Readonly<Record<string, string>>): FarMachine {
  const folder = mkdtempSync('/var/tmp/migrate-far-');
  // A link's name has at most 15 characters.
  const name = `mig${process.pid % 100_000}`;
  const [near, far] = [`${name}n`, `${name}f`];
  const ip = (...args: readonly string[]) => execFileSync('ip', args, { stdio: 'pipe' });
  const inside = (...args: readonly string[]) => ip('netns', 'exec', name, ...args);
  const address = '10.213.7.2';
  const daemons: ChildProcess[] = [];
  onTestFinished(() => {
    for (const daemon of daemons) daemon.kill('SIGKILL');
    spawnSync('ip', ['link', 'delete', near]);
    spawnSync('ip', ['netns', 'delete', name]);
    rmSync(folder, { recursive: true, force: true });
  });

  ip('netns', 'add', name);
  ip('link', 'add', near, 'type', 'veth', 'peer', 'name', far, 'netns', name);
  ip('address', 'add', '10.213.7.1/24', 'dev', near);
  ip('link', 'set', near, 'up');
  inside('ip', 'link', 'set', 'lo', 'up');
  inside('ip', 'link', 'set', far, 'up');
  inside('ip', 'address', 'add', `${address}/24`, 'dev', far);

  for (const key of ['host', 'mine'])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, key)]);
  writeFileSync(join(folder, 'authorized'), readFileSync(join(folder, 'mine.pub')));
  chmodSync(join(folder, 'authorized'), 0o600);
  mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const options = [
    ...[`HostKey=${join(folder, 'host')}`, `AuthorizedKeysFile=${join(folder, 'authorized')}`, 'UsePAM=no'],
    ...['PermitRootLogin=yes', 'StrictModes=no', 'PidFile=none', 'ListenAddress=0.0.0.0'],
  ];
  const daemon = spawn(
    'ip',
    [
      'netns',
      'exec',
      name,
      sshdPath ?? 'sshd',
      '-D',
      '-f',
      '/dev/null',
      ...options.flatMap((each) => ['-o', each]),
    ],
    { stdio: 'ignore' },
  );
  daemons.push(daemon);
  return {
    link: far,
    address,
    ssh(at, ...args) {
      const given = Object.entries({ ...place.env, MIGRATE_STATE_DIR: place.state, ...env }).filter(
        ([key]) => key.startsWith('MIGRATE') || key === 'XDG_CONFIG_HOME' || key === 'PATH',
      );
      const words = [
        'env',
        ...given.map(([key, value]) => `${key}=${value}`),
        process.execPath,
        program,
        ...args,
      ];
      const how = [
        'StrictHostKeyChecking=no',
        'UserKnownHostsFile=/dev/null',
        'LogLevel=ERROR',
        'ConnectTimeout=2',
      ];
      return spawn(
        'ssh',
        [
          ...['-i', join(folder, 'mine'), '-F', '/dev/null', ...how.flatMap((each) => ['-o', each])],
          ...[`root@${at}`, words.map((word) => quoteWord(String(word))).join(' ')],
        ],
        { stdio: ['ignore', 'pipe', 'pipe'], detached: true },
      );
    },
  };
}
