import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { ProcessIdentity } from '../journal/event.ts';

/** What `/proc/PID/stat` tells of a process. */
export interface ProcessStat {
  readonly state: string;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** Clock ticks since the kernel's boot; with the pid and the boot id it names one process for ever. */
  readonly startTime: string;
}

/** Reads a line of `/proc/PID/stat`. The program's name may hold spaces and parentheses, so the last one counts. */
export function parseStat(line: string): ProcessStat | undefined {
  const fields = line
    .slice(line.lastIndexOf(')') + 1)
    .trim()
    .split(/\s+/);
  // proc_pid_stat(5): state is field 3 and starttime field 22.
  const [state, parent, group, session] = fields;
  const startTime = fields[19];
  if (state === undefined || startTime === undefined || !/^\d+$/.test(startTime)) return undefined;
  return { state, parent: Number(parent), group: Number(group), session: Number(session), startTime };
}

/** `undefined` when there is no such process, or none that this one may see. */
export function statOf(pid: number): ProcessStat | undefined {
  const line = readIfThere(`/proc/${pid}/stat`);
  return line === undefined ? undefined : parseStat(line);
}

/** The boot that is running, which WSL may outlive; see boot.ts for the whole identity. */
export function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

/** What tells a process from every other, earlier or later. Synchronous, so that a child cannot be reaped in between. */
export function identityOf(pid: number): ProcessIdentity | undefined {
  const stat = statOf(pid);
  return stat === undefined ? undefined : { pid, startTime: stat.startTime, bootId: bootId() };
}

export function self(): ProcessIdentity {
  const identity = identityOf(process.pid);
  if (identity === undefined) throw new Error('/proc/self/stat cannot be read');
  return identity;
}

/** Whether exactly this process still runs. A zombie does not, nor does another with its pid. */
export function isAlive(identity: ProcessIdentity): boolean {
  if (identity.bootId !== bootId()) return false;
  const stat = statOf(identity.pid);
  return stat !== undefined && stat.startTime === identity.startTime && !isEnded(stat);
}

/** Ended, and only waiting for its parent to read the exit code. */
export function isEnded(stat: ProcessStat): boolean {
  return stat.state === 'Z' || stat.state === 'X' || stat.state === 'x';
}

export function allPids(): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** The PID namespace, such as `pid:[4026531836]`: a pid means nothing outside of its own. */
export function pidNamespace(): string {
  return readlinkSync('/proc/self/ns/pid');
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // Gone, going, or hidden by hidepid.
    return undefined;
  }
}
