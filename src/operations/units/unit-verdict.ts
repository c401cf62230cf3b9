import type { UnitState } from './unit-state.ts';
import { endsByItself } from './unit-state.ts';

/**
 * What is wrong with a unit that was started, by its properties alone: `systemctl` exits with 0 for a
 * oneshot whose condition did not hold, for a command marked `-` that failed, and for a simple service
 * that dies a moment later. `undefined` when nothing is.
 */
export function startProblem(state: UnitState): string | undefined {
  if (state.LoadState !== 'loaded') return `is ${state.LoadState}`;
  if (state.ActiveState === 'failed' || !['success', ''].includes(state.Result)) {
    return `failed: Result=${state.Result}${state.ExecMainStatus === '' ? '' : `, ExecMainStatus=${state.ExecMainStatus}`}`;
  }
  if (endsByItself(state)) {
    if (state.ActiveState !== 'inactive') return `has not ended: ${state.ActiveState} (${state.SubState})`;
    if (state.ConditionResult === 'no') return 'did not run: one of its conditions does not hold';
  } else if (state.ActiveState !== 'active') {
    return `is ${state.ActiveState} (${state.SubState})`;
  }
  return exitProblem(state);
}

function exitProblem({
  Type,
  ExecMainCode,
  ExecMainStatus,
  SuccessExitStatus,
}: UnitState): string | undefined {
  // Of a service that runs on, the last exit is an earlier one's; 1 is CLD_EXITED, and Result judges signals.
  if (Type !== 'oneshot' || ExecMainCode !== '1' || ExecMainStatus === '0') return undefined;
  if (SuccessExitStatus.split(/\s+/).includes(ExecMainStatus)) return undefined;
  return `its command exited with ${ExecMainStatus}, and the unit ignores that`;
}
