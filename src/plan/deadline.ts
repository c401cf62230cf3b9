import { isSameBoot } from '../journal/boot.ts';
import type { Deadline, RunState, StepState } from '../journal/state.ts';
import type { BootIdentity, ClockReading } from '../runbook/index.ts';

/** Milliseconds past a deadline after which whoever should have gone back by itself counts as hung. */
const longestGraceMs = 60_000;
const shortestGraceMs = 5_000;

/** The begun step that nobody has confirmed yet; nothing else may begin. There is never more than one. */
export function unconfirmed(state: RunState): (StepState & { readonly deadline: Deadline }) | undefined {
  for (const step of state.steps.values()) {
    const { deadline } = step;
    if (deadline !== undefined && deadline.decided !== 'confirmed') return { ...step, deadline };
  }
  return undefined;
}

/** Milliseconds until a deadline; 0 or less when it has passed. */
export function leftMs(deadline: Deadline, now: ClockReading, boot: BootIdentity): number {
  const { wall, boottime } = deadline.clocks;
  const byWall = now.wall - wall;
  if (isSameBoot(deadline.boot, boot)) {
    // Whichever clock says more: the wall clock may have been set back, or forward to what is true.
    return deadline.withinMs - Math.max(byWall, now.boottime - boottime);
  }
  // Of what a clock that ran back says nobody knows how long it was.
  return byWall < 0 ? 0 : deadline.withinMs - byWall;
}

/** Whether nobody confirmed a step in time, or it was decided that it goes back. */
export function isDue(state: RunState, now: ClockReading, boot: BootIdentity): boolean {
  const deadline = unconfirmed(state)?.deadline;
  return deadline !== undefined && (deadline.decided === 'expired' || leftMs(deadline, now, boot) <= 0);
}

/** Whether a process that still holds the run had its time to go back, and did not even begin to. */
export function isOverdue(deadline: Deadline, now: ClockReading, boot: BootIdentity): boolean {
  return deadline.decided === undefined && leftMs(deadline, now, boot) <= -graceMs(deadline.withinMs);
}

/** How long a living process has, past its deadline, before it counts as hung; milliseconds. */
export function graceMs(withinMs: number): number {
  return Math.min(longestGraceMs, Math.max(shortestGraceMs, withinMs / 10));
}
