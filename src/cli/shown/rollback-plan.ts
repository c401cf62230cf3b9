import { describeUndo, mustBeOpen } from '../../engine/index.ts';
import { exitCodes, MigrateError, UsageError, type ExitCode } from '../../errors.ts';
import { stepState, type RunState } from '../../journal/state.ts';
import { planRollback, type RollbackPlan, type RollbackStep } from '../../plan/rollback.ts';
import { rollbackPlanDocument, type RollbackPlanDocument } from '../../render/documents/rollback-plan.ts';
import { rollbackPlanText } from '../../render/text/rollback-plan.ts';
import type { BootIdentity } from '../../runbook/index.ts';
import type { Globals, Overrides } from '../invocation.ts';
import type { KnownRun } from '../runs/known-run.ts';
import { lookBack } from './look-back.ts';
import { print } from '../terminal/print.ts';
import { askOnce } from '../terminal/prompts.ts';
import type { Terminal } from '../terminal/terminal.ts';

/**
 * @throws UsageError `rollback.over` for a run of which nothing can be undone any more, `rollback.not-begun`
 *   for a `--to` that the run has not come to; StateError `run.moved`
 */
export function mustBeRollable(state: RunState, to: string | undefined): void {
  if (state.status === 'moved') mustBeOpen(state);
  if (state.status === 'rolled-back' || state.status === 'aborted') {
    throw new UsageError(
      'rollback.over',
      `${state.run} is ${state.status}: there is nothing to undo here`,
      `See what it did: migrate status ${state.run}`,
    );
  }
  if (to !== undefined && stepState(state, to).startedSeq === undefined) {
    throw new UsageError(
      'rollback.not-begun',
      `--to ${to}: the run has not come to that step, so it cannot go back to it`,
      `See where it stands: migrate status ${state.run}`,
    );
  }
}

/** Shows what a rollback would undo, whether it could, and what would be lost; reads only. */
export async function showRollbackPlan(
  known: KnownRun,
  to: string | undefined,
  globals: Globals,
  terminal: Terminal,
  overrides: Overrides,
): Promise<ExitCode> {
  const { plan, look, lastResorts } = await lookBack(known, to, overrides);
  const document: RollbackPlanDocument = {
    ...documentOf(known.state, plan, to),
    ...look,
    lastResorts: [...lastResorts],
  };
  print(globals, rollbackPlanDocument, document, () => rollbackPlanText(document, terminal.style));
  return exitCodes.done;
}

/**
 * Asks once before a rollback begins; one that has begun goes on unasked.
 * @throws MigrateError `rollback.not-agreed` when nobody agrees or can be asked
 */
export async function agreeToRollBack(
  state: RunState,
  boot: BootIdentity,
  to: string | undefined,
  terminal: Terminal,
): Promise<void> {
  if (state.status === 'rolling-back') return;
  const { irreversible, beforeReboot, afterReboot } = documentOf(state, planRollback(state, boot, to), to);
  // There is nothing to agree to: the rollback itself says why it cannot go or has nothing to do.
  if (irreversible.length > 0 || beforeReboot.length + afterReboot.length === 0) return;
  const steps = [...beforeReboot, ...afterReboot].map(({ id }) => id).join(', ');
  const agreed = terminal.interactive
    ? await askOnce((prompts) => prompts.agree(`Undo these steps of ${state.run}, in this order: ${steps}?`))
    : false;
  if (agreed === true) return;
  throw new MigrateError(
    'rollback.not-agreed',
    'the rollback waits for your agreement; nothing was changed',
    {
      exitCode: exitCodes.waiting,
      hint: `See what it would undo: migrate rollback ${state.run} --dry-run\nAgree: migrate rollback ${state.run} --yes`,
    },
  );
}

function documentOf(
  state: RunState,
  plan: RollbackPlan,
  to: string | undefined,
): Omit<RollbackPlanDocument, 'needs' | 'laterWrites' | 'lastResorts'> {
  return {
    type: 'rollback-plan',
    run: state.run,
    to: to ?? null,
    irreversible: plan.irreversible.map(undoOf),
    beforeReboot: plan.beforeReboot.filter(hasUndo).map(undoOf),
    reboot: plan.rebootNeeded,
    afterReboot: plan.afterReboot.filter(hasUndo).map(undoOf),
  };
}

function undoOf({ id, node, step }: RollbackStep): RollbackPlanDocument['afterReboot'][number] {
  return { id, title: node.title, undo: describeUndo(step.intent?.undo) };
}

/** Steps that only read are passed over in silence. */
function hasUndo({ step }: RollbackStep): boolean {
  return step.intent !== undefined && step.intent.undo.kind !== 'nothing';
}
