import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type FileHandle, open } from 'node:fs/promises';
import { findProgram } from './program.ts';

/**
 * Takes the kernel's lock on an open file, through flock(1), since Node has no call for it: the lock
 * belongs to the open file that both share, and so stays with this process until it ends or closes it.
 * It tells across PID namespaces whether an owner lives. `unavailable` where flock does not work.
 */
export async function takeKernelLock(file: FileHandle): Promise<'taken' | 'held' | 'unavailable'> {
  try {
    const flock = await findProgram('flock', process.env['PATH'], '/');
    const child = spawn(flock, ['-n', '3'], { stdio: ['ignore', 'ignore', 'ignore', file.fd] });
    const [code] = (await once(child, 'exit')) as [number | null];
    return code === 0 ? 'taken' : code === 1 ? 'held' : 'unavailable';
  } catch {
    return 'unavailable';
  }
}

/** Whether any process holds the kernel's lock on a file. */
export async function isKernelLocked(path: string): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    return (await takeKernelLock(file)) !== 'taken';
  } finally {
    await file.close();
  }
}
