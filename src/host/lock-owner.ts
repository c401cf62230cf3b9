import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { z } from 'zod';
import { bootId, isAlive, pidNamespace, self } from './process.ts';

/** Who holds a lock, as the lock file says. */
export const lockOwner = z.object({
  pid: z.number().int(),
  startTime: z.string(),
  bootId: z.string(),
  /** Of /etc/machine-id, where there is one. */
  machineId: z.string().optional(),
  pidNamespace: z.string(),
  host: z.string(),
  command: z.string(),
  /** ISO 8601, UTC. */
  since: z.string(),
  /** The owner also holds the kernel's lock on this very file, which ends with its process. */
  flock: z.boolean(),
});
export type LockOwner = z.infer<typeof lockOwner>;

export const lockFile = z.union([lockOwner, z.object({ released: z.literal(true) })]);
export type LockFile = z.infer<typeof lockFile>;

/** What another process is to this one. `ask-kernel`: only the kernel's lock on the file can tell. */
export type Standing = 'alive' | 'dead' | 'foreign' | 'ask-kernel';

/** Where this process stands; the part of a lock owner that decides about another. */
export type Here = Pick<LockOwner, 'bootId' | 'machineId' | 'pidNamespace' | 'host'>;

/** Decides about an owner, given whether a process of its identity lives in this PID namespace. */
export function standingOf(owner: LockOwner, here: Here, lives: boolean): Standing {
  if (owner.bootId === here.bootId) {
    if (owner.pidNamespace === here.pidNamespace) return lives ? 'alive' : 'dead';
    // A container, another WSL distribution, or this one before `wsl --terminate`: its pids mean nothing here.
    return owner.flock ? 'ask-kernel' : 'foreign';
  }
  const sameMachine =
    owner.machineId === undefined && here.machineId === undefined
      ? owner.host === here.host
      : owner.machineId === here.machineId;
  return sameMachine ? 'dead' : 'foreign';
}

/** @param since wall clock, milliseconds since 1970 */
export async function thisOwner(command: string, since: number): Promise<Omit<LockOwner, 'flock'>> {
  return { ...self(), ...(await here()), command, since: new Date(since).toISOString() };
}

export async function here(): Promise<Here> {
  const machineId = await readMachineId();
  return {
    bootId: bootId(),
    ...(machineId === undefined ? {} : { machineId }),
    pidNamespace: pidNamespace(),
    host: hostname(),
  };
}

export async function assess(owner: LockOwner): Promise<Standing> {
  return standingOf(owner, await here(), isAlive(owner));
}

async function readMachineId(): Promise<string | undefined> {
  try {
    return (await readFile('/etc/machine-id', 'utf8')).trim() || undefined;
  } catch {
    return undefined;
  }
}
