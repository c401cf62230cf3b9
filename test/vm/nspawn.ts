import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { allPids } from '../../src/host/process.ts';
import { thisMachine } from '../../src/host/this-machine.ts';
import type { Command, Host } from '../../src/runbook/index.ts';

const checkout = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
/** The one that runs the tests. The machine's own is new enough on some, and then none lies in the checkout. */
export const node = realpathSync(process.execPath);
const cache = '/var/cache/migrate-test';
const suite = 'bookworm';
/** Of statfs(2). */
const tmpfsMagic = 0x01021994;
const packages = ['systemd', 'systemd-sysv', 'dbus', 'procps', 'rsync', 'openssh-server', 'openssh-client'];

/** Why no system can be booted here; `undefined` when it can. */
export function cannotBoot(): string | undefined {
  if (process.getuid?.() !== 0) return 'it needs root';
  for (const program of ['systemd-nspawn', 'mmdebstrap', 'nsenter']) {
    if (!(process.env['PATH'] ?? '').split(':').some((folder) => existsSync(join(folder, program)))) {
      return `it needs ${program}`;
    }
  }
  return undefined;
}

/** A small Debian with the real systemd, in a container of its own; gone when `end` is called. */
export interface Machine {
  /** Asks and acts in the machine: commands run there, by its own systemd and journal. */
  readonly host: Host;
  /** What a command there prints, whatever it exits with. */
  ask(...argv: [string, ...string[]]): Promise<string>;
  /** Its root folder as it is seen from here, also while it is off. */
  readonly root: string;
  /** Writes a file of the machine, also while it runs. */
  write(path: string, content: string): void;
  boot(): Promise<void>;
  /** A real one: another boot id, nothing left in memory. */
  reboot(): Promise<void>;
  /** The power is cut: nothing is told, nothing ends in order. What was written is on the disk of this machine. */
  cut(): Promise<void>;
  /** Resolves when somebody in it has rebooted it, and it is up again. */
  rebooted(): Promise<void>;
  end(): Promise<void>;
}

/**
 * @param more packages beside those that each machine has; together with them a tree of its own
 */
export function newMachine(more: readonly string[] = []): Machine {
  const tree = baseTree(more);
  const folder = mkdtempSync(join(cache, 'machine-'));
  const root = mountLayers(folder, 'root', tree);
  // Nothing in memory is found again after a boot, and `migrate` says so; with a layer on a disk it is on one.
  // Not always, since somebody may edit the sources meanwhile, which an overlay does not bear.
  const inMemory = statfsSync(checkout).type === tmpfsMagic;
  const sources = inMemory ? mountLayers(folder, 'checkout', checkout) : checkout;
  const here = thisMachine();
  let running: { nspawn: ChildProcess; leader: number; exited: Promise<unknown> } | undefined;

  const inside = (command: Command): Command => {
    if (running === undefined) throw new Error('the machine is off');
    const enter = [
      '--target',
      String(running.leader),
      '--mount',
      '--uts',
      '--ipc',
      '--net',
      '--pid',
      '--wd=/',
    ];
    const env = ['env', '-i', 'PATH=/usr/sbin:/usr/bin:/sbin:/bin', 'HOME=/root', 'LANG=C.UTF-8'];
    return { ...command, argv: ['nsenter', ...enter, '--', ...env, ...command.argv] };
  };
  const host: Host = {
    ...here,
    exec: (command, options) => here.exec(inside(command), options),
    boot: async () => ({
      ...(await here.boot()),
      bootId: (await ask('cat', '/proc/sys/kernel/random/boot_id')).trim(),
    }),
  };
  const cut = async () => {
    if (running === undefined) return;
    const { leader, exited } = running;
    // Its PID 1, with which every other process in it ends before nspawn does. nspawn's own end would leave them.
    process.kill(leader, 'SIGKILL');
    await exited;
    running = undefined;
  };
  const ask = async (...argv: [string, ...string[]]) => (await host.exec({ argv }, { anyExit: true })).stdout;

  const off = async () => {
    if (running === undefined) return;
    const { nspawn, exited } = running;
    // nspawn asks the system to power off.
    nspawn.kill('SIGTERM');
    await exited;
    running = undefined;
  };
  const boot = async () => {
    const nspawn = spawn(
      'systemd-nspawn',
      [
        '--quiet',
        `--directory=${root}`,
        '--boot',
        '--private-network',
        '--register=no',
        '--keep-unit',
        '--console=pipe',
        `--bind-ro=${sources}:${checkout}`,
        ...boundNode(),
      ],
      { stdio: 'ignore' },
    );
    const exited = once(nspawn, 'exit');
    const leader = await until(() => leaderOf(nspawn), 'systemd-nspawn starts no system');
    running = { nspawn, leader, exited };
    const waking = setInterval(() => wakeStopped(leader), 500);
    nspawn.once('exit', () => clearInterval(waking));
    await until(
      async () => /^(running|degraded)/.test(await ask('systemctl', 'is-system-running')),
      'the system does not come up',
    );
  };
  return {
    host,
    ask,
    root,
    cut,
    rebooted: async () => {
      await running?.exited;
      running = undefined;
      await boot();
    },
    write: (path, content) => {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), content);
    },
    boot,
    reboot: async () => {
      await off();
      await boot();
    },
    end: async () => {
      // A unit that ends slowly must not make the tests slow.
      await cut();
      for (const mounted of inMemory ? [root, sources] : [root]) execFileSync('umount', [mounted]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/**
 * Wakes whoever asks the machine something while it goes down: systemd stops all processes in it before it ends
 * them, an nsenter whose child is stopped stops itself, and nobody in there can wake it. The machine would then wait for
 * that child for ever.
 */
function wakeStopped(leader: number): void {
  const asking = `nsenter\0--target\0${leader}\0`;
  for (const pid of allPids()) {
    try {
      if (!readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith(asking)) continue;
      if (/\) T /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))) process.kill(pid, 'SIGCONT');
    } catch {
      // It has ended meanwhile.
    }
  }
}

/** Makes the Node that runs the tests be in a machine, at the same path; in a Nix store with all it is linked to. */
function boundNode(): readonly string[] {
  if (node.startsWith(`${checkout}/`)) return [];
  const store = '/nix/store';
  return [`--bind-ro=${node.startsWith(`${store}/`) ? store : node}`];
}

/** Mounts a tree that may be written to, without touching the one beneath. */
function mountLayers(folder: string, name: string, lower: string): string {
  const at = join(folder, name);
  const [upper, work] = [`${at}-upper`, `${at}-work`];
  for (const each of [at, upper, work]) mkdirSync(each);
  const layers = `lowerdir=${lower},upperdir=${upper},workdir=${work}`;
  execFileSync('mount', ['-t', 'overlay', 'overlay', '-o', layers, at]);
  return at;
}

/** Built once: it takes some 15 seconds and the network. */
function baseTree(more: readonly string[]): string {
  const name = [`${suite}-with-${packages.length}-packages`, ...more].join('-');
  const tree = join(cache, name);
  if (existsSync(tree)) return tree;
  mkdirSync(cache, { recursive: true });
  const building = mkdtempSync(join(cache, 'building-'));
  execFileSync(
    'mmdebstrap',
    [
      '--quiet',
      '--variant=minbase',
      `--include=${[...packages, ...more].join(',')}`,
      suite,
      join(building, 'tree'),
    ],
    {
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  renameSync(join(building, 'tree'), tree);
  rmSync(building, { recursive: true });
  return tree;
}

/** The process that is PID 1 inside. */
function leaderOf(nspawn: ChildProcess): number | undefined {
  if (nspawn.exitCode !== null) throw new Error(`systemd-nspawn ended with ${nspawn.exitCode}`);
  const children = readFileSync(`/proc/${nspawn.pid}/task/${nspawn.pid}/children`, 'utf8').trim();
  const [first] = children.split(' ');
  if (first === undefined || first === '') return undefined;
  // Before it is PID 1 it sets up its namespaces.
  return readFileSync(`/proc/${first}/comm`, 'utf8').trim() === 'systemd' ? Number(first) : undefined;
}

async function until<Value>(
  look: () => Value | undefined | false | Promise<Value | undefined | false>,
  otherwise: string,
): Promise<Value> {
  for (let tries = 0; tries < 1_200; tries += 1) {
    const found = await Promise.resolve(look()).catch(() => undefined);
    if (found !== undefined && found !== false) return found;
    await new Promise((resolve) => {
      setTimeout(resolve, 100);
    });
  }
  throw new Error(otherwise);
}
