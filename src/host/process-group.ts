import { setTimeout } from 'node:timers/promises';
import { allPids, isEnded, statOf } from './process.ts';

/** Milliseconds that a command has to end after SIGTERM, before SIGKILL. */
export const defaultGraceMs = 10_000;
const pollMs = 50;

/**
 * Ends every process of a group: SIGTERM, and SIGKILL to what is left after the grace.
 * A group's number is not given to another while one member lives, so none but its own is hit.
 */
export async function endGroup(group: number, graceMs = defaultGraceMs): Promise<void> {
  if (!signalGroup(group, 'SIGTERM')) return;
  const deadline = performance.now() + graceMs;
  while (isGroupAlive(group)) {
    if (performance.now() >= deadline) {
      signalGroup(group, 'SIGKILL');
      return;
    }
    await setTimeout(pollMs);
  }
}

/** Zombies do not count: they have ended, and only their parent has not looked yet. */
function isGroupAlive(group: number): boolean {
  return allPids().some((pid) => {
    const stat = statOf(pid);
    return stat !== undefined && stat.group === group && !isEnded(stat);
  });
}

function signalGroup(group: number, signal: 'SIGTERM' | 'SIGKILL'): boolean {
  try {
    process.kill(-group, signal);
    return true;
  } catch {
    // Nobody is left in it.
    return false;
  }
}
