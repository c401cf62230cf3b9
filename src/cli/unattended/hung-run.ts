import { setTimeout } from 'node:timers/promises';
import { MigrateError, exitCodes } from '../../errors.ts';
import { assess } from '../../host/lock-owner.ts';
import { readLock } from '../../host/lock.ts';
import { isAlive } from '../../host/process.ts';
import type { BootIdentity, Clock } from '../../runbook/index.ts';
import { isOverdue, unconfirmed } from '../../plan/deadline.ts';
import type { EventOf, ProcessIdentity } from '../../journal/event.ts';
import type { KnownRun } from '../runs/known-run.ts';

const endedWithinMs = 10_000;
const lookEveryMs = 50;

/** The process that should have taken a step back, holds the run's lock, and does nothing. */
export interface HungProcess {
  readonly process: ProcessIdentity;
  readonly command: string;
  readonly step: string;
}

/** Who holds a run although its deadline has passed by far; the kernel's word on the process is asked anew. */
export async function hungProcess(
  { state, place }: KnownRun,
  now: { readonly clock: Clock; readonly boot: BootIdentity },
): Promise<HungProcess | undefined> {
  const held = unconfirmed(state);
  if (held === undefined || !isOverdue(held.deadline, now.clock.now(), now.boot)) return undefined;
  const owner = await readLock(place.folder);
  // One in another container, or on another machine, cannot be ended from here.
  if (owner === undefined || (await assess(owner)) !== 'alive') return undefined;
  const { pid, startTime, bootId, command } = owner;
  return { process: { pid, startTime, bootId }, command, step: held.id };
}

/**
 * Ends such a process, at once: it has had its time to end in order. Only a process with the very start
 * time and boot of the lock's owner is hit. What it had started is ended when its lock is taken.
 *
 * @throws MigrateError `confirm.hung` when the kernel does not let it go
 */
export async function endHung({
  process: identity,
  command,
  step,
}: HungProcess): Promise<EventOf<'orphan.ended'>> {
  const deadline = performance.now() + endedWithinMs;
  if (isAlive(identity)) process.kill(identity.pid, 'SIGKILL');
  while (isAlive(identity)) {
    if (performance.now() >= deadline) {
      throw new MigrateError(
        'confirm.hung',
        `"${step}" should go back, and process ${identity.pid} (${command}) that holds the run cannot be ended`,
        {
          exitCode: exitCodes.locked,
          hint: 'It most likely waits for a disk that does not answer. Reboot this machine.',
        },
      );
    }
    await setTimeout(lookEveryMs);
  }
  return { type: 'orphan.ended', process: identity, argv: command.split(' '), how: 'ended' };
}

/**
 * Says to a person, who might want to know first, what only the unit that goes on by itself does unasked.
 * @throws MigrateError `confirm.hung`
 */
export function refuseHung({ process: { pid }, command, step }: HungProcess, run: string): never {
  throw new MigrateError(
    'confirm.hung',
    `nobody confirmed "${step}" in time, and process ${pid} (${command}) that should take it back does not`,
    {
      exitCode: exitCodes.locked,
      hint: `End it, which changes nothing, and let the step be taken back: kill -KILL ${pid}, then migrate resume ${run}`,
    },
  );
}
