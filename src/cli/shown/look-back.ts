import { lastResorts, lookAtWayBack, type FoundWrites, type Surroundings } from '../../engine/index.ts';
import { stepState, type RunState } from '../../journal/state.ts';
import { planRollback, type RollbackPlan } from '../../plan/rollback.ts';
import type { WayBackLook } from '../../render/documents/way-back.ts';
import { hostFor } from '../work/host-for.ts';
import type { Overrides } from '../invocation.ts';
import type { KnownRun } from '../runs/known-run.ts';
import { runbookToRollBack } from '../runs/pinned-runbook.ts';

/** A look at the way back without the run's lock; nothing is changed, and an interruption breaks it off. */
export interface BackwardLook {
  readonly plan: RollbackPlan;
  readonly look: WayBackLook;
  readonly lastResorts: readonly string[];
}

/** @param to the step that stays done */
export async function lookBack(
  { state, place }: KnownRun,
  to: string | undefined,
  overrides: Overrides,
): Promise<BackwardLook> {
  const host = hostFor(overrides, state.params);
  const plan = planRollback(state, await host.boot(), to);
  const pinned = await runbookToRollBack(state, place);
  const around: Surroundings = {
    state,
    runbook: pinned?.runbook,
    folder: place.folder,
    host,
    signal: new AbortController().signal,
  };
  if (plan.irreversible.length > 0)
    return { plan, look: { needs: [], laterWrites: [] }, lastResorts: lastResorts(around) };
  const { needs, laterWrites } = await lookAtWayBack(around, [...plan.beforeReboot, ...plan.afterReboot]);
  return {
    plan,
    look: {
      needs: needs.map(({ step, name, holds, why, advisory }) => ({
        ...{ step, name, holds, advisory },
        ...(why === undefined ? {} : { why }),
      })),
      laterWrites: laterWrites.map((writes) => shown(state, writes)),
    },
    lastResorts: [],
  };
}

function shown(state: RunState, writes: FoundWrites): WayBackLook['laterWrites'][number] {
  const { decided: byParameter, first, ...rest } = writes;
  const decided = stepState(state, writes.step).laterWrites ?? byParameter;
  return { ...rest, first: [...first], ...(decided === undefined ? {} : { decided }) };
}
