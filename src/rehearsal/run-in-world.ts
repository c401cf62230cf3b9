import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import type { WorldLayout } from './layout.ts';
import type { Machine } from './machine.ts';
import type { RunOptions, RunResult } from './protocol.ts';
import { terminal } from './supervisor-streams.ts';
import { WorldError } from './world-error.ts';

// $1 is the run's id, $2 the folder; the process keeps its number when it becomes the command.
const starter = 'echo $$ >"/.world/runs/$1"; cd -- "$2" || exit 126; shift 2; exec "$@"';

export interface RunRequest {
  readonly run: string;
  readonly argv: readonly string[];
  readonly options: RunOptions;
  readonly env: Readonly<Record<string, string>>;
  readonly onOutput: (text: string, stream: 'stdout' | 'stderr') => void;
}

/**
 * Runs a program in the world to its end.
 *
 * @throws WorldError when the world is down, or `world.run` when nothing can be started in it.
 */
export async function runInWorld(
  layout: WorldLayout,
  machine: Machine,
  request: RunRequest,
): Promise<RunResult> {
  await machine.settled;
  const { options } = request;
  const { ends } = machine;
  const child = spawn(
    'nsenter',
    [...shellInside(machine), starter, 'sh', request.run, options.cwd ?? '/', ...request.argv],
    {
      stdio: options.terminal === true ? [...terminal] : ['pipe', 'pipe', 'pipe'],
      env: { ...request.env, ...options.env },
    },
  );
  child.stdin?.on('error', () => {}); // It may end without reading.
  child.stdin?.end(options.input ?? '');
  const output = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream]?.setEncoding('utf8').on('data', (text: string) => {
      output[stream] += text;
      request.onOutput(text, stream);
    });
  }
  return new Promise((resolve, reject) => {
    child.once('error', (cause) => {
      reject(new WorldError('world.run', `cannot run nsenter: ${cause.message}`, undefined, cause));
    });
    child.once('close', (exitCode, signal) => {
      rmSync(join(layout.shared, 'runs', request.run), { force: true });
      resolve({ exitCode, signal, ...output, rebooted: machine.ends !== ends });
    });
  });
}

/**
 * Runs a program on the world's disk as a rescue system would: nothing is booted, and nothing mounted
 * but what the world is made of.
 */
export async function rescueWorld(
  layout: WorldLayout,
  request: { readonly argv: readonly string[]; readonly env: Readonly<Record<string, string>> },
): Promise<RunResult> {
  const result = await execa(
    'unshare',
    ['--mount', '--pid', '--fork', '--kill-child=SIGKILL', 'chroot', layout.root, ...request.argv],
    { reject: false, stdin: 'ignore', stripFinalNewline: false, env: request.env },
  );
  return {
    exitCode: result.exitCode ?? null,
    signal: result.signal ?? null,
    stdout: result.stdout,
    stderr: result.stderr,
    rebooted: false,
  };
}

/** Arguments of nsenter for a script in the world's own namespaces; the script and its arguments follow. */
function shellInside(machine: Machine): readonly string[] {
  return [`--target=${machine.init}`, '--mount', '--pid', '--', '/bin/sh', '-c'];
}

/** Sends a signal to the program of a run; false when it does not run (any more). */
export async function killInWorld(
  layout: WorldLayout,
  machine: Machine,
  run: string,
  signal: string,
): Promise<boolean> {
  const file = join(layout.shared, 'runs', run);
  if (!existsSync(file)) return false;
  const pid = readFileSync(file, 'utf8').trim();
  const kill = spawn('nsenter', [...shellInside(machine), 'kill -s "$1" "$2"', 'sh', signal, pid], {
    stdio: 'ignore',
  });
  const exitCode = await new Promise((resolve) => {
    kill.once('close', resolve);
  });
  return exitCode === 0;
}
