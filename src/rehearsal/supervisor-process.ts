import { spawn } from 'node:child_process';
import { layoutOf } from './layout.ts';
import { moduleBeside } from './package-root.ts';
import type { Answer, CallName, Calls } from './protocol.ts';
import { supervisorStdio } from './supervisor-streams.ts';
import { WorldError } from './world-error.ts';

/** The other end of the channel to a world's supervisor. */
export interface Supervisor {
  /** @throws WorldError what the supervisor threw, or `world.ended` when it is gone. */
  ask<Name extends CallName>(call: Name, ask: Calls[Name]['ask']): Promise<Calls[Name]['answer']>;
  listen(run: string, onOutput: (text: string, stream: 'stdout' | 'stderr') => void): void;
  /** Ends it and everything in its world; resolves when the kernel has. */
  end(): Promise<void>;
}

/** Starts the supervisor of a world's folder in namespaces of its own, which end with it or with this process. */
export function startSupervisor(folder: string): Supervisor {
  const isRoot = process.getuid?.() === 0;
  const child = spawn(
    'setpriv',
    [
      // The kernel ends the supervisor when this process dies, however it does.
      '--pdeathsig=KILL',
      'unshare',
      ...(isRoot ? [] : ['--user', '--map-root-user']),
      '--mount',
      '--uts',
      '--ipc',
      '--net',
      '--pid',
      '--fork',
      '--kill-child=SIGKILL',
      '--mount-proc',
      '--propagation=private',
      process.execPath,
      moduleBeside('supervisor'),
      layoutOf(folder).folder,
    ],
    { stdio: [...supervisorStdio], cwd: '/' },
  );
  const waiting = new Map<number, { resolve: (answer: unknown) => void; reject: (error: Error) => void }>();
  const listeners = new Map<string, (text: string, stream: 'stdout' | 'stderr') => void>();
  let complaints = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaints = (complaints + text).slice(-8192);
  });

  let gone: WorldError | undefined;
  const ended = new Promise<void>((resolve) => {
    const end = (cause?: Error) => {
      gone ??= endedError(complaints, cause);
      for (const { reject } of waiting.values()) reject(gone);
      waiting.clear();
      resolve();
    };
    child.once('error', end);
    child.once('close', () => end());
  });
  child.on('message', (message) => {
    const answer = message as Answer;
    if ('run' in answer) listeners.get(answer.run)?.(answer.text, answer.stream);
    if (!('id' in answer)) return;
    const asked = waiting.get(answer.id);
    waiting.delete(answer.id);
    if ('error' in answer) {
      asked?.reject(new WorldError(answer.error.code, answer.error.message, answer.error.hint));
    } else {
      asked?.resolve(answer.answer);
    }
  });

  let asked = 0;
  return {
    ask: (call, ask) =>
      new Promise((resolve, reject) => {
        if (gone !== undefined) {
          reject(gone);
          return;
        }
        asked += 1;
        waiting.set(asked, { resolve: resolve as (answer: unknown) => void, reject });
        // A failure shows as the end of the process.
        child.send({ id: asked, call, ask }, () => undefined);
      }),
    listen: (run, onOutput) => void listeners.set(run, onOutput),
    async end() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

function endedError(complaints: string, cause: Error | undefined): WorldError {
  const missing = /(setpriv|unshare)/.exec(cause?.message ?? '');
  if (missing !== null) {
    return new WorldError('world.tools', `cannot run ${missing[1]}`, 'Install util-linux.', cause);
  }
  if (/^unshare: /m.test(complaints)) {
    return new WorldError(
      'world.namespaces',
      `this host allows no private namespaces: ${complaints.trim()}`,
      process.getuid?.() === 0
        ? 'A rehearsal needs CAP_SYS_ADMIN; in a container, start it with --privileged.'
        : 'Run it as root, or allow them to users: sysctl kernel.unprivileged_userns_clone=1, ' +
            'and on Ubuntu kernel.apparmor_restrict_unprivileged_userns=0.',
    );
  }
  return new WorldError(
    'world.ended',
    `the world has ended${complaints.trim() === '' ? '' : `: ${complaints.trim()}`}`,
  );
}
