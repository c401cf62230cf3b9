import { stepState, type RunState, type StepState } from '../journal/state.ts';
import type { RecordedNode } from '../journal/event.ts';
import { isSameBoot } from '../journal/boot.ts';
import type { BootIdentity } from '../runbook/index.ts';

export interface RollbackStep {
  readonly id: string;
  readonly node: RecordedNode;
  readonly step: StepState;
}

export interface RollbackPlan {
  /** Undone first; only then, and after a boot where one is needed, the others. */
  readonly beforeReboot: readonly RollbackStep[];
  readonly rebootNeeded: boolean;
  readonly afterReboot: readonly RollbackStep[];
  /** Begun and irreversible: what stands in the way, latest first. */
  readonly irreversible: readonly RollbackStep[];
}

/**
 * What a rollback does, from the journal alone: every step with a start and no completed undo, in
 * reverse order of their starts, which is a reverse order of their needs too.
 *
 * @param to keep this step and all that began before it
 * @param now the boot that the machine is in
 */
export function planRollback(state: RunState, now: BootIdentity, to?: string): RollbackPlan {
  const keepUpTo = to === undefined ? 0 : (stepState(state, to).startedSeq ?? 0);
  const begun = state.nodes
    .map((node) => ({ id: node.id, node, step: stepState(state, node.id) }))
    .filter(({ step }) => step.startedSeq !== undefined && step.startedSeq > keepUpTo)
    .toSorted((a, b) => (b.step.startedSeq ?? 0) - (a.step.startedSeq ?? 0));
  const atBoot = begun.filter(({ node }) => node.effective === 'at-boot');
  const rebootAhead = state.rollback?.reboot === 'needed' || state.rollback?.reboot === 'waiting';
  const livesOnNew = atBoot.some(
    ({ step }) => step.startedBoot !== undefined && !isSameBoot(step.startedBoot, now),
  );
  const rebootNeeded = livesOnNew || rebootAhead;
  return {
    beforeReboot: rebootNeeded ? atBoot : [],
    rebootNeeded,
    afterReboot: rebootNeeded ? begun.filter(({ node }) => node.effective !== 'at-boot') : begun,
    irreversible: begun.filter(({ node }) => node.reversal === 'irreversible'),
  };
}
