import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import type { ProcessIdentity } from '../journal/event.ts';
import { allPids, identityOf, isAlive, isEnded, statOf } from './process.ts';
import { runMark } from './shell.ts';

/** A process that an earlier attempt of a run left behind. */
export interface Orphan {
  readonly identity: ProcessIdentity;
  readonly argv: readonly string[];
}

const pollMs = 50;
const defaultGraceMs = 10_000;

/**
 * Living processes that carry the run's mark and belong to no attempt of this process: not itself,
 * what it was started from, or what it started. One that changed its environment, or that another
 * service started for the run (systemd-run), is not found.
 */
export function findOrphans(run: string): readonly Orphan[] {
  const parents = parentsByPid();
  const ours = new Set(ancestors(process.pid, parents));
  return [...parents.keys()]
    .filter(
      (pid) => !ours.has(pid) && !ancestors(pid, parents).includes(process.pid) && carriesMark(pid, run),
    )
    .flatMap((pid) => {
      const identity = identityOf(pid);
      // Read after the identity, so that both are of one process or the second is empty.
      const argv = readNulSeparated(pid, 'cmdline');
      return identity !== undefined && carriesMark(pid, run) ? [{ identity, argv }] : [];
    });
}

/**
 * Ends what an earlier attempt of a run left behind: SIGTERM, and SIGKILL after the grace.
 * Resolves to what was ended, when it has ended.
 */
export async function endOrphans(run: string, graceMs = defaultGraceMs): Promise<readonly Orphan[]> {
  const ended = new Map<number, Orphan>();
  let signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM';
  let deadline = performance.now() + graceMs;
  for (;;) {
    // Again at each look: what is ended may start something else on its way.
    const orphans = findOrphans(run);
    if (orphans.length === 0) return [...ended.values()];
    if (performance.now() >= deadline) {
      if (signal === 'SIGKILL') return [...ended.values()];
      signal = 'SIGKILL';
      deadline = performance.now() + graceMs;
    }
    for (const orphan of orphans) {
      if (signal === 'SIGKILL' || !ended.has(orphan.identity.pid)) endIfSame(orphan.identity, signal);
      ended.set(orphan.identity.pid, orphan);
    }
    await setTimeout(pollMs);
  }
}

/** Looks right before the signal, so that a process that got the pid meanwhile is not harmed. */
function endIfSame(identity: ProcessIdentity, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (!isAlive(identity)) return;
  try {
    process.kill(identity.pid, signal);
  } catch {
    // It ended by itself.
  }
}

function parentsByPid(): ReadonlyMap<number, number> {
  const parents = new Map<number, number>();
  for (const pid of allPids()) {
    const stat = statOf(pid);
    if (stat !== undefined && !isEnded(stat)) parents.set(pid, stat.parent);
  }
  return parents;
}

/** A process and all that it was started from. */
function ancestors(pid: number, parents: ReadonlyMap<number, number>): readonly number[] {
  const chain: number[] = [];
  for (let current: number | undefined = pid; current; current = parents.get(current)) {
    if (chain.includes(current)) break;
    chain.push(current);
  }
  return chain;
}

function carriesMark(pid: number, run: string): boolean {
  return readNulSeparated(pid, 'environ').includes(`${runMark}=${run}`);
}

function readNulSeparated(pid: number, name: 'environ' | 'cmdline'): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8').split('\0').filter(Boolean);
  } catch {
    // Gone, or of another user.
    return [];
  }
}
