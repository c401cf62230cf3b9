import { planRollback, type RollbackPlan, type RollbackStep } from '../plan/rollback.ts';
import { isSameBoot } from '../journal/boot.ts';
import { stepState } from '../journal/state.ts';
import { settleDoubt } from './doubt.ts';
import { readContext, stepContext } from './context.ts';
import { outcome, type Outcome } from './outcome.ts';
import { Interrupted, nodeOf, record, type Session } from './session.ts';
import { undoStep } from './undo.ts';

export interface RollbackOptions {
  /** Keep this step and all that began before it. */
  readonly to?: string;
}

/** Goes back step by step; stops where an undo fails, and can be called again from there. */
export async function rollBack(session: Session, options: RollbackOptions): Promise<Outcome> {
  const { state, ports } = session;
  const to = options.to ?? state.rollback?.to;
  const boot = await ports.host.boot();
  const refusal = await refuseIrreversible(session, planRollback(state, boot, to));
  if (refusal !== undefined) return refusal;
  const plan = planRollback(state, boot, to);
  if (state.status !== 'rolling-back' || state.rollback?.to !== to) {
    const steps = [...plan.beforeReboot, ...plan.afterReboot].map(({ id }) => id);
    await record(session, {
      type: 'rollback.started',
      ...(to === undefined ? {} : { to }),
      steps,
      reboot: plan.rebootNeeded,
    });
  }
  const stopped =
    (await undoAll(session, plan.beforeReboot)) ??
    (await passReboot(session, plan)) ??
    (await undoAll(session, plan.afterReboot));
  if (stopped !== undefined) return stopped;
  await record(session, { type: 'rollback.completed', ...(to === undefined ? {} : { to }) });
  return to === undefined
    ? outcome('rolled-back', 'everything that this run did is undone')
    : outcome('rolled-back', `undone up to "${to}", which stays done`, {
        hint: `Go on from there with: migrate resume ${state.run}`,
      });
}

async function undoAll(session: Session, steps: readonly RollbackStep[]): Promise<Outcome | undefined> {
  const { run } = session.state;
  for (const [index, step] of steps.entries()) {
    if (session.signal.aborted) return interrupted(session, step.id);
    const result = await undoStep(session, step);
    if (result.kind === 'interrupted') return interrupted(session, step.id);
    if (result.kind === 'failed') {
      const left = steps.slice(index).map(({ id }) => id);
      return outcome(
        'rollback-incomplete',
        `the undo of "${step.id}" failed: ${result.message}\nNot undone yet: ${left.join(', ')}`,
        {
          step: step.id,
          hint: [result.hint, `When it is mended: migrate rollback ${run}`].filter(Boolean).join('\n'),
        },
      );
    }
  }
  return undefined;
}

async function interrupted(session: Session, step: string): Promise<Outcome> {
  const { by } = new Interrupted(session.signal);
  await record(session, { type: 'run.interrupted', by });
  return outcome('interrupted', `interrupted by ${by} during rollback`, {
    step,
    hint: `Go on with: migrate rollback ${session.state.run}`,
  });
}

/** The running system lives on what is to be undone, so it must boot into the old state first. */
async function passReboot(session: Session, plan: RollbackPlan): Promise<Outcome | undefined> {
  if (!plan.rebootNeeded || session.state.rollback?.reboot === 'passed') return undefined;
  const boot = await session.ports.host.boot();
  const { rollback, run } = session.state;
  const says = 'the undone steps take effect at the next boot; reboot this machine now';
  if (rollback?.reboot !== 'waiting') {
    await record(session, { type: 'rollback.reboot-entered', boot, says });
  } else if (rollback.rebootFrom !== undefined && !isSameBoot(rollback.rebootFrom, boot)) {
    await record(session, { type: 'rollback.reboot-passed', boot });
    return undefined;
  }
  return outcome('waiting', `the rollback waits for a reboot: ${says}`, {
    hint: `After it: migrate rollback ${run}`,
  });
}

/** Past the point of no return there is no way back by undo, unless the step turns out never to have begun. */
async function refuseIrreversible(session: Session, plan: RollbackPlan): Promise<Outcome | undefined> {
  for (const { id } of plan.irreversible) {
    const step = stepState(session.state, id);
    const node = nodeOf(session, id);
    const open =
      step.status === 'started' ||
      step.status === 'interrupted' ||
      step.status === 'failed' ||
      step.status === 'not-started';
    if (open && node?.kind === 'step') {
      const read = readContext(node, stepContext(node, session.state, session.folder), session.ports.host);
      if (
        (await settleDoubt(session, node, read)).as === 'run' &&
        stepState(session.state, id).status === 'not-started'
      ) {
        await record(session, {
          type: 'undo.completed',
          step: id,
          by: 'nothing-to-undo',
          why: 'it never began',
        });
        continue;
      }
    }
    const why = node?.kind === 'step' ? node.irreversible : undefined;
    const { run } = session.state;
    return outcome(
      'rollback-incomplete',
      `"${id}" is done and cannot be undone${why === undefined ? '' : `: ${why}`}. Nothing was changed`,
      {
        step: id,
        hint:
          `What is left: copy the data back from where it is now, verified, or restore the proven backup (migrate logs ${run} names both).\n` +
          `Undo what came after it: migrate rollback ${run} --to ${id}`,
      },
    );
  }
  return undefined;
}
