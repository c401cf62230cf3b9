import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import type { FarAccess } from '../../../src/copy/far/access.ts';
import { sshdPath } from '../cli-processes/far-machine.ts';

/** An sshd of the test's own on the loopback, which stands for another machine with the same disks. */
export interface Sshd {
  readonly access: FarAccess & {
    readonly port: number;
    readonly identityFile: string;
    readonly knownHostsFile: string;
  };
  /** Of the host. */
  readonly publicKey: string;
  /** Ends every connection at once, as a cable that is pulled; new ones are taken. */
  cut(): void;
  /** Takes no connection any more. */
  stop(): void;
}

/** @param path the programs that a login finds */
export async function startSshd({ path }: { readonly path?: string } = {}): Promise<Sshd> {
  const folder = mkdtempSync('/var/tmp/migrate-sshd-');
  for (const key of ['host', 'mine'])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, key)]);
  copyFileSync(join(folder, 'mine.pub'), join(folder, 'authorized'));
  chmodSync(join(folder, 'authorized'), 0o600);
  mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const port = await freePort();
  const key = readFileSync(join(folder, 'host.pub'), 'utf8').trim();
  writeFileSync(join(folder, 'known'), `[127.0.0.1]:${port} ${key}\n`);
  const options = [
    ...[`HostKey=${join(folder, 'host')}`, `AuthorizedKeysFile=${join(folder, 'authorized')}`, 'UsePAM=no'],
    ...['PermitRootLogin=yes', 'StrictModes=no', 'PidFile=none', 'ListenAddress=127.0.0.1', `Port=${port}`],
    ...(path === undefined ? [] : [`SetEnv=PATH=${path}`]),
    ...['PasswordAuthentication=no', 'KbdInteractiveAuthentication=no'],
  ];
  const daemon = spawn(
    sshdPath ?? 'sshd',
    ['-D', '-f', '/dev/null', ...options.flatMap((each) => ['-o', each])],
    { stdio: 'ignore' },
  );
  const cut = () => {
    for (const pid of childrenOf(daemon)) spawnSync('kill', ['-KILL', String(pid)]);
  };
  onTestFinished(() => {
    cut();
    daemon.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });
  await listening(port);
  return {
    access: {
      host: 'root@127.0.0.1',
      port,
      identityFile: join(folder, 'mine'),
      knownHostsFile: join(folder, 'known'),
    },
    publicKey: key,
    cut,
    stop: () => void daemon.kill('SIGKILL'),
  };
}

/** A process for each connection. */
function childrenOf({ pid }: ChildProcess): readonly number[] {
  const { stdout } = spawnSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' });
  return stdout.split('\n').filter(Boolean).map(Number);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
  const address = server.address();
  await new Promise((done) => server.close(done));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function listening(port: number): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    const open = await new Promise<boolean>((done) => {
      const socket = createConnection(port, '127.0.0.1');
      socket.once('connect', () => (socket.destroy(), done(true)));
      socket.once('error', () => done(false));
    });
    if (open) return;
    await setTimeout(50);
  }
  throw new Error(`no sshd listens on ${port}`);
}
