import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';
import type { EngineHost } from '../../../../src/engine/ports.ts';
import { MigrateError, type ExitCode } from '../../../../src/errors.ts';
import { systemClock } from '../../../../src/host/clock.ts';
import type { CommandResult, Files } from '../../../../src/runbook/index.ts';
import { temporaryFolder } from '../../../host/folder.ts';
import type { Answer, Question } from './pool-agent.ts';

/** Why tests on real pools cannot run here; `false` where they can. */
export const noPools: string | false =
  process.getuid?.() !== 0
    ? 'they need root'
    : ['/usr/sbin/zfs-fuse', '/sbin/zfs-fuse'].some((path) => existsSync(path))
      ? existsSync('/dev/fuse')
        ? false
        : 'there is no /dev/fuse'
      : 'zfs-fuse is not installed';
if (noPools !== false) console.log(`tests on real ZFS pools are skipped: ${noPools}`);

/** A machine with ZFS: a zfs-fuse of its own in private namespaces, which go when the test ends or dies. */
export interface PoolMachine {
  /** Looks and acts inside. Paths outside of `/run` and `/var/lib/zfs` are the machine's own. */
  readonly host: EngineHost;
  /** For pools' files and mount points; mounts in it are seen inside only. */
  readonly folder: string;
  /** Arguments before a program of the test's own that is to run inside. */
  enter(): readonly [string, ...string[]];
  /** Both give what they printed, and throw on any exit code but 0. */
  zfs(...args: readonly string[]): Promise<string>;
  zpool(...args: readonly string[]): Promise<string>;
  /** Makes a pool on files, mounted nowhere. `layout` as for zpool create, such as `mirror`. */
  pool(name: string, options?: { megabytes?: number; files?: number; layout?: string }): Promise<void>;
  /**
   * The power goes: everything inside is killed. Nothing can be asked until `boot`. zfs-fuse loses what
   * a folder lists even after an fsync of it; a snapshot of the dataset brings everything onto the disk.
   */
  cut(): Promise<void>;
  /** Starts again after `cut` and imports the pools. */
  boot(): Promise<void>;
}

// A tmpfs over /run hides the sockets and locks of any other zfs-fuse.
const script = `set -e
mount -t tmpfs tmpfs /run
mkdir -p /run/zfs /run/lock/zfs
mount -t tmpfs tmpfs /var/lib/zfs
zfs-fuse -n --no-kstat-mount $4 >"$1" 2>&1 </dev/null &
tries=0
until [ -S /run/zfs/zfs_socket ]; do
  tries=$((tries + 1))
  [ "$tries" -lt 400 ] || { cat "$1" >&2; exit 1; }
  sleep 0.05
done
exec "$2" "$3"`;

/**
 * Starts a machine with ZFS, without pools.
 *
 * @param options.folder of an earlier one, to look at its pools after its death
 * @param options.attributes files can have extended attributes, which zfs-fuse is slower with
 */
export async function poolMachine(
  options: { folder?: string; attributes?: boolean } = {},
): Promise<PoolMachine> {
  const folder = options.folder ?? temporaryFolder();
  const pools = new Set<string>();
  const flags = options.attributes === true ? '--enable-xattr' : '';
  let inside = await start(folder, flags);
  onTestFinished(() => inside.end());

  const host: EngineHost = {
    exec: (command, { signal, onLine, ...rest } = {}) =>
      inside.ask({ ask: 'exec', command, options: rest }, signal, onLine) as Promise<CommandResult>,
    spawn: async (command, { signal, onLine, onStart, ...rest }) => {
      await onStart?.(await host.self(), () => {});
      return inside.ask({ ask: 'spawn', command, options: rest }, signal, onLine) as Promise<CommandResult>;
    },
    files: new Proxy({} as Files, {
      get:
        (_, method: keyof Files) =>
        (...args: readonly unknown[]) =>
          inside.ask({ ask: 'files', method, args }),
    }),
    mounts: () => inside.ask({ ask: 'mounts' }) as ReturnType<EngineHost['mounts']>,
    boot: () => inside.ask({ ask: 'boot' }) as ReturnType<EngineHost['boot']>,
    self: () => inside.ask({ ask: 'self' }) as ReturnType<EngineHost['self']>,
    hiding: async () => (text: string) => text,
    clock: systemClock,
  };
  const run = async (...argv: [string, ...string[]]) => (await host.exec({ argv })).stdout;
  return {
    host,
    folder,
    enter: () => ['nsenter', '--target', String(inside.pid), '--mount', '--pid', '--'],
    zfs: (...args) => run('zfs', ...args),
    zpool: (...args) => run('zpool', ...args),
    pool: async (name, { megabytes = 96, files = 1, layout } = {}) => {
      const devices = Array.from({ length: files }, (_, index) => join(folder, `${name}-${index}.pool`));
      for (const device of devices) {
        writeFileSync(device, '');
        truncateSync(device, megabytes * 1024 * 1024);
      }
      const disks = layout === undefined ? devices : [layout, ...devices];
      await run('zpool', 'create', '-O', 'mountpoint=none', name, ...disks);
      pools.add(name);
    },
    cut: () => inside.end(),
    boot: async () => {
      inside = await start(folder, flags);
      // Another boot has another host id file, and the pool was not exported.
      for (const name of pools) await run('zpool', 'import', '-f', '-d', folder, name);
    },
  };
}

type Unnumbered = Question extends infer One ? (One extends Question ? Omit<One, 'id'> : never) : never;

async function start(folder: string, daemonFlags: string) {
  const agent = join(import.meta.dirname, 'pool-agent.ts');
  const log = join(folder, 'zfs-fuse.log');
  const flags = ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc', '--propagation', 'private'];
  const child = spawn(
    'unshare',
    [...flags, 'sh', '-c', script, 'sh', log, process.execPath, agent, daemonFlags],
    {
      stdio: ['pipe', 'pipe', 'pipe'],
    },
  );
  const gone = once(child, 'exit');
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += String(chunk)));
  const waiting = new Map<
    number,
    { resolve(value: unknown): void; reject(cause: Error): void; onLine: Line | undefined }
  >();
  const lines = createInterface({ input: child.stdout });
  const ready = Promise.race([
    once(lines, 'line'),
    gone.then(() => Promise.reject(new Error(`zfs-fuse did not start: ${said}`))),
  ]);
  await ready;
  lines.on('line', (line) => {
    const answer = JSON.parse(line) as Answer;
    const one = waiting.get(answer.id);
    if ('line' in answer) return one?.onLine?.(answer.line, answer.stream);
    waiting.delete(answer.id);
    if (!('error' in answer)) return one?.resolve(answer.value);
    const { code, message, hint, exitCode } = answer.error;
    one?.reject(new MigrateError(code, message, { hint, exitCode: exitCode as ExitCode }));
  });
  void gone.then(() => {
    for (const { reject } of waiting.values()) reject(new Error('the machine with ZFS has died'));
  });

  let last = 0;
  const say = (question: object) => void child.stdin.write(`${JSON.stringify(question)}\n`);
  return {
    pid: firstInside(child),
    ask: (question: Unnumbered, signal?: AbortSignal, onLine?: Line): Promise<unknown> => {
      const id = (last += 1);
      const abort = () => say({ id, ask: 'abort' });
      const answered = new Promise((resolve, reject) => waiting.set(id, { resolve, reject, onLine }));
      say({ ...question, id });
      signal?.addEventListener('abort', abort);
      if (signal?.aborted) abort();
      return answered.finally(() => signal?.removeEventListener('abort', abort));
    },
    /** Process 1 inside is killed, and the kernel kills the others. */
    end: async () => {
      if (child.exitCode === null && child.signalCode === null) {
        const pid = firstInside(child);
        if (pid !== undefined) execFileSync('kill', ['-s', 'KILL', String(pid)]);
        await gone;
      }
    },
  };
}

type Line = (line: string, stream: 'stdout' | 'stderr') => void;

function firstInside({ pid }: ChildProcess): number | undefined {
  try {
    const found = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return found === '' ? undefined : Number(found);
  } catch {
    return undefined;
  }
}
