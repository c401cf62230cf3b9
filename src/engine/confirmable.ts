import { exitCodes, MigrateError, UsageError } from '../errors.ts';
import { isSameBoot } from '../journal/boot.ts';
import { stepState, type Deadline, type RunState } from '../journal/state.ts';
import { leftMs } from '../plan/deadline.ts';
import type { BootIdentity, ClockReading } from '../runbook/index.ts';

export type Confirmable = { readonly is: 'already' } | { readonly is: 'open'; readonly deadline: Deadline };

/**
 * Whether a word of somebody who can reach the machine means anything for a step now.
 * @throws UsageError `confirm.not-armed`, `confirm.not-done`, `confirm.not-booted` when there is nothing to
 *   confirm (yet); MigrateError `confirm.too-late` when it is to be taken back
 */
export function confirmable(state: RunState, id: string, now: ClockReading, boot: BootIdentity): Confirmable {
  const { deadline, status } = stepState(state, id);
  const { run } = state;
  const see = `See where it stands: migrate status ${run}`;
  if (deadline === undefined) {
    throw new UsageError('confirm.not-armed', `"${id}" has not begun, so there is nothing to confirm`, see);
  }
  if (deadline.decided === 'confirmed') return { is: 'already' };
  if (deadline.decided === 'expired' || leftMs(deadline, now, boot) <= 0) {
    throw new MigrateError('confirm.too-late', `nobody confirmed "${id}" in time, so it is taken back`, {
      exitCode: exitCodes.stepFailed,
      hint: `When no process does so already: migrate resume ${run}`,
    });
  }
  if (status !== 'done') {
    throw new UsageError(
      'confirm.not-done',
      `"${id}" is ${status}: that the machine can be reached shows nothing before it is done`,
      see,
    );
  }
  if (isAtBoot(state, id) && isSameBoot(deadline.boot, boot)) {
    throw new UsageError(
      'confirm.not-booted',
      `"${id}" takes effect at the next boot, so it can be confirmed after that only`,
      'Reboot this machine, log in again and confirm then.',
    );
  }
  return { is: 'open', deadline };
}

/** Also of a step that an edit took out of the runbook. */
export function isAtBoot(state: RunState, id: string): boolean {
  const node = [...state.nodes, ...state.removed].find((each) => each.id === id);
  return node?.effective === 'at-boot';
}
