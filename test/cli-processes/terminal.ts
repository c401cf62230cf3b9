import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { quoteWord } from '../../src/runbook/index.ts';
import { program, type Ended } from './migrate.ts';
import type { Place } from './place.ts';

// script(1) gives a program a terminal of its own.
export const hasScript = spawnSync('script', ['--version']).status === 0;
if (!hasScript) console.warn('script(1) is missing, so nothing is tested at a terminal');

/** A call on a terminal of its own, at which somebody can type. */
export interface TerminalCall {
  /** It holds the terminal: when it is killed, the terminal hangs up. */
  readonly script: ChildProcess;
  readonly ended: Promise<Ended>;
  said(): string;
  until(text: string | RegExp): Promise<void>;
  type(text: string): void;
}

export const enter = '\r';
export const ctrlC = '\u0003';

/** Starts `migrate` as somebody does who sits at a terminal. */
export function startOnTerminal(place: Place, args: readonly string[]): TerminalCall {
  const words = [process.execPath, program, ...args];
  // A terminal that nobody has told its size has none.
  const command = `stty rows 40 cols 150; exec ${words.map(quoteWord).join(' ')}`;
  const script = spawn('script', ['--quiet', '--return', '--flush', '--command', command, '/dev/null'], {
    cwd: place.folder,
    env: { ...place.env, MIGRATE_STATE_DIR: place.state, SHELL: '/bin/sh', LANG: 'C.UTF-8' },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  let stdout = '';
  let stderr = '';
  const waiting = new Set<() => void>();
  script.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    for (const check of waiting) check();
  });
  script.stderr.setEncoding('utf8').on('data', (text: string) => void (stderr += text));
  const ended = new Promise<Ended>((done, fail) => {
    script.once('error', fail);
    script.once('close', (exit, signal) => done({ exit, signal, stdout, stderr }));
  });
  return {
    script,
    ended,
    said: () => stdout,
    until: (text) =>
      new Promise((done, fail) => {
        const check = () => {
          if (typeof text === 'string' ? !stdout.includes(text) : !text.test(stdout)) return;
          waiting.delete(check);
          done();
        };
        waiting.add(check);
        check();
        void ended.then(() => fail(new Error(`it ended and never said ${String(text)}:\n${stdout}`)));
      }),
    type: (text) => void script.stdin.write(text),
  };
}
