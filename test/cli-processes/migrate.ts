import { spawn, type ChildProcess } from 'node:child_process';
import { resolve } from 'node:path';
import type { Place } from './place.ts';

export const program = resolve(import.meta.dirname, '../../src/cli/migrate.ts');

export interface Ended {
  /** `null` when a signal ended it. */
  readonly exit: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CallOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly uid?: number;
}

/** One call of the real program in a process group of its own, which may still run. */
export interface Call {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly ended: Promise<Ended>;
  /** What it has printed so far. */
  said(): string;
  /** Resolves when it has printed a text. */
  until(text: string | RegExp): Promise<void>;
}

/** Starts `migrate` with the state of a place. */
export function start(place: Place, args: readonly string[], options: CallOptions = {}): Call {
  return startProgram(place, program, args, options);
}

/** Starts a program in its stead that ends in the same `main`. */
export function startProgram(
  place: Place,
  file: string,
  args: readonly string[],
  options: CallOptions = {},
): Call {
  const child = spawn(process.execPath, [file, ...args], {
    cwd: options.cwd ?? place.folder,
    env: { ...place.env, MIGRATE_STATE_DIR: place.state, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
  });
  let stdout = '';
  let stderr = '';
  const waiting = new Set<() => void>();
  const look = () => {
    for (const check of waiting) check();
  };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    look();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    look();
  });
  const ended = new Promise<Ended>((done, fail) => {
    child.once('error', fail);
    child.once('close', (exit, signal) => done({ exit, signal, stdout, stderr }));
  });
  const has = (text: string | RegExp) =>
    typeof text === 'string' ? `${stdout}${stderr}`.includes(text) : text.test(`${stdout}${stderr}`);
  return {
    child,
    pid: child.pid ?? 0,
    ended,
    said: () => `${stdout}${stderr}`,
    until: (text) =>
      new Promise((done, fail) => {
        const check = () => {
          if (!has(text)) return;
          waiting.delete(check);
          done();
        };
        waiting.add(check);
        check();
        void ended.then(({ exit }) =>
          fail(new Error(`it ended with ${exit} and never said ${String(text)}:\n${stdout}${stderr}`)),
        );
      }),
  };
}

/** Calls `migrate` and waits for its end. */
export function migrate(place: Place, ...args: readonly string[]): Promise<Ended> {
  return start(place, args).ended;
}
