import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { start, type Call, type Ended } from './migrate.ts';
import { kill, processesIn, type Place } from './place.ts';

export interface KilledOften {
  /** How the last call, which nobody killed, ended. */
  readonly last: Ended;
  readonly kills: number;
}

const longestDelayMs = 400;

/**
 * Calls a command again and again and kills it at random moments, until it has ended by itself or was
 * killed often enough, and then lets it end.
 *
 * Half of the moments are counted from the start of the process, the others from when it is at work;
 * every other kill takes what it has started along, as a power cut would, and the others leave it behind.
 *
 * @param nextArgs the arguments of the next call
 */
export async function killOften(
  place: Place,
  nextArgs: () => Promise<readonly string[]>,
  random: () => number,
  most: number,
): Promise<KilledOften> {
  for (let kills = 0; ; kills += 1) {
    const call = start(place, await nextArgs());
    if (kills === most) return { last: await call.ended, kills };
    const atWork = random() < 0.5;
    const alone = random() < 0.5;
    const delayMs = random() * longestDelayMs;
    if (atWork) await Promise.race([firstOutput(call), call.ended]);
    await Promise.race([setTimeout(delayMs), call.ended]);
    killCall(place, call, alone);
    const ended = await call.ended;
    if (ended.signal !== 'SIGKILL') return { last: ended, kills };
  }
}

function killCall(place: Place, call: Call, alone: boolean): void {
  kill(-call.pid);
  if (alone) return;
  for (let left = processesIn(place.folder); left.length > 0; left = processesIn(place.folder)) {
    for (const pid of left) {
      kill(pid);
      // Those who read the effects must know that nothing more comes from this one.
      appendFileSync(join(place.world, 'effects'), `killed - ${pid} - -\n`);
    }
  }
}

function firstOutput(call: Call): Promise<void> {
  return new Promise((resolve) => call.child.stdout?.once('data', () => resolve()));
}
