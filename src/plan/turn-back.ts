import type { RunState, StepState } from '../journal/state.ts';

/** A step after which the run goes back, whose process died before it began to. */
export interface TurningPoint {
  readonly id: string;
  readonly why: string;
}

/**
 * What the run goes back from: a failed step, or a soak that was not healthy. Not past the point of no
 * return, where no rollback would begin.
 */
export function turnsBack(state: RunState): TurningPoint | undefined {
  const steps = [...state.steps.values()];
  if (steps.some(({ intent }) => intent?.undo.kind === 'irreversible')) return undefined;
  for (const step of steps) {
    const why = step.rollsBack ? troubleOf(step) : undefined;
    if (why !== undefined) return { id: step.id, why: `step "${step.id}" failed: ${why}` };
  }
  return undefined;
}

function troubleOf({ status, error, gate }: StepState): string | undefined {
  if (status === 'failed') return error?.message ?? '';
  if (status !== 'waiting' || gate?.stopped === undefined) return undefined;
  return `it was not healthy: ${gate.stopped.join('; ')}`;
}
