import { isSameBoot } from '../journal/boot.ts';
import { stepState, type GateState, type RunState } from '../journal/state.ts';
import { turnsBack } from './turn-back.ts';
import type { BootIdentity, ClockReading } from '../runbook/index.ts';

/** Boots in a row without progress after which a run no longer goes on by itself. */
export const mostVainBoots = 3;

/** Why a run may not go on while nobody is there. */
export interface NeedsPerson {
  readonly step?: string;
  readonly message: string;
  readonly hint: string;
  /** Found out just now: so many boots in a row brought nothing. */
  readonly stalledAfter?: number;
}

/** What keeps a run from going on by itself; `undefined` when it may. */
export function whyNotByItself(state: RunState): NeedsPerson | undefined {
  const { run, unattended } = state;
  if (unattended.stalled || unattended.vainBoots >= mostVainBoots) {
    return {
      message: `the machine booted ${mostVainBoots} times and ${run} did not get on, so it no longer goes on by itself`,
      hint: `See why: migrate status ${run}, migrate logs ${run}\nWhen it is mended: ${wayOn(state)}`,
      ...(unattended.stalled ? {} : { stalledAfter: unattended.vainBoots }),
    };
  }
  // The author has decided already.
  if (state.status === 'running' && turnsBack(state) !== undefined) return undefined;
  for (const { id, status, gate, error } of state.steps.values()) {
    if (status === 'undo-failed') {
      return {
        step: id,
        message: `the undo of "${id}" failed: ${error?.message ?? 'see the logs'}`,
        hint: `When it is mended: migrate rollback ${run}`,
      };
    }
    if (status === 'waiting' && gate?.stopped !== undefined) {
      return {
        step: id,
        message: `the soak "${id}" stopped, it was not healthy: ${gate.stopped.join('; ')}`,
        hint: `Look at it, then go on soaking: migrate resume ${run}\nOr back: migrate rollback ${run}`,
      };
    }
  }
  return undefined;
}

function wayOn({ run, status }: RunState): string {
  return `migrate ${status === 'rolling-back' ? 'rollback' : 'resume'} ${run}`;
}

/** The soaks that wait to be looked at now, so that no gap between two looks becomes too long. */
export function soaksDue(state: RunState, boot: BootIdentity, now: ClockReading): readonly string[] {
  if (state.status !== 'running') return [];
  return state.nodes
    .map(({ id }) => stepState(state, id))
    .filter(({ status, gate }) => status === 'waiting' && gate?.kind === 'soak' && isDue(gate, boot, now))
    .map(({ id }) => id);
}

/** A quarter of the longest gap has passed, so that one late or missing look loses nothing. */
function isDue(gate: GateState, boot: BootIdentity, now: ClockReading): boolean {
  const last = gate.samples.at(-1);
  if (last === undefined || gate.maxGap === undefined || !isSameBoot(last.boot, boot)) return true;
  const passedMs = now.monotonic - last.clocks.monotonic;
  return passedMs < 0 || passedMs >= gate.maxGap / 4;
}
