import type { RunState, StepState } from '../journal/state.ts';

/**
 * A failed step after which the run goes back, whose process died before it began to. Not past the point
 * of no return, where no rollback would begin.
 */
export function turnsBack(state: RunState): StepState | undefined {
  const steps = [...state.steps.values()];
  if (steps.some(({ intent }) => intent?.undo.kind === 'irreversible')) return undefined;
  return steps.find(({ status, rollsBack }) => status === 'failed' && rollsBack);
}
