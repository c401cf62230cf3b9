import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import type { ProcessIdentity } from '../journal/event.ts';
import { LockedError } from '../errors.ts';
import { leftBehind } from './leftovers.ts';
import { allPids, bootId, identityOf, isAlive, isEnded, statOf } from './process.ts';
import { runMark } from './shell.ts';

/** A process that an earlier attempt of a run left behind. */
export interface Orphan {
  readonly identity: ProcessIdentity;
  readonly argv: readonly string[];
}

const pollMs = 50;
const defaultGraceMs = 10_000;

/** What was done about an orphan: ended by a signal, or only waited for, since it may not be signalled. */
export interface EndedOrphan extends Orphan {
  readonly how: 'ended' | 'waited';
}

/**
 * Living processes that an earlier attempt of a run left behind; see leftovers.ts for which these are.
 * What another service started for the run (systemd-run) is not among them.
 *
 * @param recorded the commands that the run's journal names, of this boot and PID namespace
 */
export function findOrphans(run: string, recorded: readonly ProcessIdentity[] = []): readonly Orphan[] {
  const boot = bootId();
  const here = recorded.filter((identity) => identity.bootId === boot);
  const processes = allPids().flatMap((pid) => {
    const stat = statOf(pid);
    if (stat === undefined || isEnded(stat)) return [];
    const { parent, session, startTime } = stat;
    return [{ pid, parent, session, startTime, marked: carriesMark(pid, run) }];
  });
  const startTimes = new Map(processes.map(({ pid, startTime }) => [pid, startTime]));
  return leftBehind(processes, here, process.pid).flatMap((pid) => {
    const identity = identityOf(pid);
    // Read after the identity, so that both are of one process or the second is empty.
    const argv = readNulSeparated(pid, 'cmdline');
    return identity !== undefined && identity.startTime === startTimes.get(pid) ? [{ identity, argv }] : [];
  });
}

/**
 * Ends what an earlier attempt of a run left behind: SIGTERM, and SIGKILL after the grace.
 * Resolves when all of it has ended.
 *
 * @throws LockedError `orphans.alive` naming those that did not end, also after SIGKILL
 */
export async function endOrphans(
  run: string,
  recorded: readonly ProcessIdentity[] = [],
  { graceMs = defaultGraceMs }: { readonly graceMs?: number } = {},
): Promise<readonly EndedOrphan[]> {
  const known = new Map<string, EndedOrphan>();
  let signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM';
  let deadline = performance.now() + graceMs;
  for (;;) {
    // Again at each look: what is ended may start something else on its way.
    const orphans = stillAlive(run, recorded, known);
    if (orphans.length === 0) return [...known.values()];
    if (performance.now() >= deadline) {
      if (signal === 'SIGKILL') throw alive(orphans);
      signal = 'SIGKILL';
      deadline = performance.now() + graceMs;
    }
    for (const orphan of orphans) {
      const key = keyOf(orphan.identity);
      if (signal === 'SIGTERM' && known.has(key)) continue;
      const reached = endIfSame(orphan.identity, signal);
      const how = reached || known.get(key)?.how === 'ended' ? 'ended' : 'waited';
      known.set(key, { ...orphan, how });
    }
    await setTimeout(pollMs);
  }
}

/** Those that are found now, and those found before: what tied them to the run may have ended first. */
function stillAlive(
  run: string,
  recorded: readonly ProcessIdentity[],
  known: ReadonlyMap<string, EndedOrphan>,
): readonly Orphan[] {
  const found = findOrphans(run, recorded);
  const keys = new Set(found.map(({ identity }) => keyOf(identity)));
  const before = [...known].flatMap(([key, orphan]) =>
    !keys.has(key) && isAlive(orphan.identity) ? [orphan] : [],
  );
  return [...found, ...before];
}

function keyOf({ pid, startTime }: ProcessIdentity): string {
  return `${pid} ${startTime}`;
}

/**
 * Looks right before the signal, so that a process that got the pid meanwhile is not harmed.
 * @returns false when it may not be signalled
 */
function endIfSame(identity: ProcessIdentity, signal: 'SIGTERM' | 'SIGKILL'): boolean {
  if (!isAlive(identity)) return true;
  try {
    process.kill(identity.pid, signal);
    return true;
  } catch (error) {
    // Or it ended by itself.
    return (error as NodeJS.ErrnoException).code !== 'EPERM';
  }
}

function alive(orphans: readonly Orphan[]): LockedError {
  const shown = orphans.map(({ identity: { pid }, argv }) => {
    const state = statOf(pid)?.state;
    const why = state === 'D' ? ', which waits for a disk' : '';
    return `${pid} (${argv[0] ?? 'unnamed'}${why})`;
  });
  return new LockedError(
    'orphans.alive',
    `what an earlier attempt of this run left behind still runs and could not be ended: process ${shown.join(', ')}`,
    'Nothing was begun. End it as the user who may (sudo kill PID), or wait: one that waits for a disk ends when the disk answers, else restart the machine. Then call this again.',
  );
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
