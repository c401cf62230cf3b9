import { UsageError } from '../errors.ts';
import { stepState, type RunState, type StepState } from '../journal/state.ts';
import type { RecordedNode } from '../journal/event.ts';
import { isSameBoot } from '../journal/boot.ts';
import { didYouMean, type BootIdentity } from '../runbook/index.ts';

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
 * What a rollback does, from the journal alone: every step with a start and no completed undo, latest
 * first and never before a step that needs it.
 *
 * @param to keep this step and all that began before it
 * @param now the boot that the machine is in
 * @throws UsageError `rollback.no-step`, `rollback.not-begun` for a `to` that nothing can be kept up to
 */
export function planRollback(state: RunState, now: BootIdentity, to?: string): RollbackPlan {
  const ranks = rankSteps(state);
  const keepUpTo = to === undefined ? 0 : rankOf(state, ranks, to);
  const begun = begunSteps(state, ranks).filter(({ id }) => (ranks.get(id) ?? 0) > keepUpTo);
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
    // What was recorded with the intent counts, not what an edited runbook says of the step now.
    irreversible: begun.filter(({ step }) => step.intent?.undo.kind === 'irreversible'),
  };
}

/** Every step with a start and no completed undo, latest first and never before a step that needs it. */
export function begunSteps(state: RunState, ranks = rankSteps(state)): readonly RollbackStep[] {
  return allNodes(state)
    .map((node, page) => ({ id: node.id, node, step: stepState(state, node.id), page }))
    .filter(({ step }) => step.startedSeq !== undefined)
    .toSorted((a, b) => (ranks.get(b.id) ?? 0) - (ranks.get(a.id) ?? 0) || b.page - a.page);
}

/** In page order: a step's needs stand before it, also those of steps that were taken out of the runbook. */
function allNodes(state: RunState): readonly RecordedNode[] {
  return [...state.nodes, ...state.removed];
}

/**
 * When each step began, or where that is later, the latest start among all that it needs: a step that
 * a person settled as undone and that ran again began after steps that need it.
 */
function rankSteps(state: RunState): ReadonlyMap<string, number> {
  const ranks = new Map<string, number>();
  for (const { id, needs } of allNodes(state)) {
    const own = stepState(state, id).startedSeq ?? 0;
    ranks.set(
      id,
      needs.reduce((latest, need) => Math.max(latest, ranks.get(need) ?? 0), own),
    );
  }
  return ranks;
}

function rankOf(state: RunState, ranks: ReadonlyMap<string, number>, to: string): number {
  if (!ranks.has(to)) {
    throw new UsageError(
      'rollback.no-step',
      `${state.run} has no step "${to}".${didYouMean(to, [...ranks.keys()])}`,
    );
  }
  const { startedSeq, status } = stepState(state, to);
  if (startedSeq === undefined) {
    throw new UsageError(
      'rollback.not-begun',
      `nothing can be kept up to "${to}": it is ${status}`,
      `Name a step that is done: migrate status ${state.run} shows them.`,
    );
  }
  return ranks.get(to) ?? 0;
}
