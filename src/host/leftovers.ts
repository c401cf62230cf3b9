import type { ProcessIdentity } from '../journal/event.ts';

/** A process as `/proc` shows it, in what tells where it comes from. */
export interface ProcessSeen {
  readonly pid: number;
  readonly parent: number;
  readonly session: number;
  /** Clock ticks since the kernel's boot. */
  readonly startTime: string;
  /** It carries the run's mark in its environment. */
  readonly marked: boolean;
}

/**
 * Which of all living processes an earlier attempt has left behind: those that carry the run's mark, the
 * commands that the journal names, whoever is in the session that such a command began, and all that
 * these have started. Neither this process, nor what it was started from, nor what it started.
 *
 * A pid is nothing without its start time: another process that bears a recorded pid by now is left
 * alone, with its session. Of a session whose first process has ended, nothing but the mark on one of
 * its members tells that it is still the same; a number is not given away while one of them lives.
 *
 * @param recorded commands of this boot, and of this PID namespace
 */
export function leftBehind(
  processes: readonly ProcessSeen[],
  recorded: readonly Pick<ProcessIdentity, 'pid' | 'startTime'>[],
  self: number,
): readonly number[] {
  const byPid = new Map(processes.map((one) => [one.pid, one]));
  const spared = new Set(chainOf(self, byPid));
  const isOurs = ({ pid }: ProcessSeen) => spared.has(pid) || chainOf(pid, byPid).includes(self);
  const others = processes.filter((one) => !isOurs(one));
  const sessions = new Set<number>();
  const found = new Set<number>();
  for (const { pid, startTime } of recorded) {
    if (spared.has(pid)) continue;
    const now = byPid.get(pid);
    const same = now?.startTime === startTime;
    if (same) found.add(pid);
    const marked = others.some((one) => one.session === pid && one.marked);
    if (same || (now === undefined && marked)) sessions.add(pid);
  }
  for (const one of others) if (one.marked || sessions.has(one.session)) found.add(one.pid);
  return others.flatMap(({ pid }) => (chainOf(pid, byPid).some((up) => found.has(up)) ? [pid] : []));
}

/** A process and all that it was started from. */
function chainOf(pid: number, byPid: ReadonlyMap<number, ProcessSeen>): readonly number[] {
  const chain: number[] = [];
  for (let at = byPid.get(pid); at !== undefined && !chain.includes(at.pid); at = byPid.get(at.parent))
    chain.push(at.pid);
  return chain;
}
