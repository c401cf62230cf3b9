import { execa } from 'execa';
import { deviceNumber } from '../../src/copy/entry.ts';
import { lstatSync } from 'node:fs';
import type { FolderIdentity } from '../../src/copy/manifest.ts';
import type { CopyMachine } from '../../src/copy/machine.ts';
import type { CopyProgress } from '../../src/copy/progress-report.ts';

/** Runs the real programs, with nothing in between. */
export function localMachine(
  changes: Partial<CopyMachine> & { onLine?: (line: string, kill: () => void) => void; alone?: boolean } = {},
): CopyMachine & { told: CopyProgress[]; logged: string[] } {
  const told: CopyProgress[] = [];
  const logged: string[] = [];
  return {
    told,
    logged,
    run: async ([program, ...args], options = {}) => {
      const child = execa(program, args, {
        env: { ...options.env },
        reject: false,
        buffer: { stdout: false },
        stdin: 'ignore',
        // A group of its own, so that all of rsync's processes can be killed at once.
        detached: changes.alone !== true,
        ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
      });
      for await (const line of child.iterable()) {
        options.onLine?.(line);
        changes.onLine?.(line, () => process.kill(-(child.pid ?? 0), 'SIGKILL'));
      }
      const { exitCode, stderr } = await child;
      return { exitCode: exitCode ?? null, stderr };
    },
    flush: (target, cancelSignal) => execa('sync', ['-f', target], { cancelSignal }),
    guard: () => Promise.resolve(),
    progress: (progress) => void told.push(progress),
    log: (line) => void logged.push(line),
    now: () => performance.now(),
    date: () => '2026-09-21T10:00:00.000Z',
    signal: new AbortController().signal,
    ...changes,
  };
}

export function identityOf(path: string): FolderIdentity {
  const stat = lstatSync(path, { bigint: true });
  return { path, device: deviceNumber(stat.dev), inode: String(stat.ino) };
}
