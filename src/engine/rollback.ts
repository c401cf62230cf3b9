import { planRollback, type RollbackPlan, type RollbackStep } from '../plan/rollback.ts';
import type { EventOf } from '../journal/event.ts';
import { isSameBoot } from '../journal/boot.ts';
import type { LaterWritesDecision } from '../runbook/index.ts';
import { refreshScript } from './break-glass.ts';
import { decideLaterWrites, recordDecisions } from './later-writes.ts';
import { recordWaivers, refuseMissing } from './missing-needs.ts';
import { refuseIrreversible } from './point-of-no-return.ts';
import { prepareToTell } from './notify.ts';
import { outcome, type Outcome } from './outcome.ts';
import { Interrupted, record, throwIfInterrupted, type Session } from './session.ts';
import { probeUndone } from './undo-probe.ts';
import { undoStep } from './undo.ts';
import { lookAtWayBack, type Surroundings } from './way-back.ts';

export interface RollbackOptions {
  /** Keep this step and all that began before it. */
  readonly to?: string;
  /** What becomes of writes that the rollback would lose. */
  readonly laterWrites?: LaterWritesDecision | undefined;
  /** Steps to undo although something that their undo consumes is not there. */
  readonly acceptMissing?: readonly string[] | undefined;
  /** A mended runbook, by whose code the undos run. */
  readonly code?: EventOf<'rollback.started'>['code'];
}

/**
 * Goes back step by step; stops where an undo fails, and can be called again from there.
 * @throws UsageError `rollback.no-step`, `rollback.not-begun` for a wrong `to`
 */
export async function rollBack(session: Session, options: RollbackOptions): Promise<Outcome> {
  try {
    return await goBack(session, options);
  } catch (thrown) {
    if (thrown instanceof Interrupted) return interrupted(session, undefined);
    throw thrown;
  }
}

async function goBack(session: Session, options: RollbackOptions): Promise<Outcome> {
  const { state, ports } = session;
  const to = options.to ?? state.rollback?.to;
  const boot = await ports.host.boot();
  const refusal = await refuseIrreversible(session, planRollback(state, boot, to));
  if (refusal !== undefined) return refusal;
  const plan = planRollback(state, boot, to);
  const ahead = [...plan.beforeReboot, ...plan.afterReboot];
  const { needs, laterWrites } = await lookAhead(session, ahead);
  const { acceptMissing = [] } = options;
  const missing = refuseMissing(session, needs, acceptMissing, ahead);
  if (missing !== undefined) return missing;
  const decided = await decideLaterWrites(session, laterWrites, options.laterWrites);
  if ('status' in decided) return decided;
  if (mustAnnounce(session, plan, to) || options.code !== undefined) {
    const steps = ahead.map(({ id }) => id);
    await record(session, {
      type: 'rollback.started',
      ...(to === undefined ? {} : { to }),
      steps,
      reboot: plan.rebootNeeded,
      ...(options.code === undefined ? {} : { code: options.code }),
    });
  }
  await recordWaivers(session, needs, acceptMissing);
  await recordDecisions(session, decided);
  const stopped =
    (await undoAll(session, plan.beforeReboot, { later: plan.afterReboot, provenLater: true })) ??
    (await passReboot(session, plan)) ??
    (await undoAll(session, plan.afterReboot, { later: [], provenLater: false }));
  if (stopped !== undefined) return stopped;
  const wholly = outcome('rolled-back', 'everything that this run did is undone');
  if (to === undefined) await prepareToTell(session, wholly);
  await record(session, { type: 'rollback.completed', ...(to === undefined ? {} : { to }) });
  if (to !== undefined) await refreshScript(session);
  return to === undefined
    ? wholly
    : outcome('rolled-back', `undone up to "${to}", which stays done`, {
        hint: `Go on from there with: migrate resume ${state.run}`,
      });
}

/** Everything that can be known is known before the first undo, since a rollback that stops half-way is neither side. */
async function lookAhead(session: Session, steps: readonly RollbackStep[]) {
  try {
    return await lookAtWayBack(surroundingsOf(session), steps);
  } catch (thrown) {
    throwIfInterrupted(session.signal);
    throw thrown;
  }
}

function surroundingsOf({ state, runbook, folder, ports, signal }: Session): Surroundings {
  return { state, runbook, folder, host: ports.host, signal };
}

/** It begins now, or goes elsewhere, or the machine has meanwhile booted into what is to be undone. */
function mustAnnounce({ state }: Session, plan: RollbackPlan, to: string | undefined): boolean {
  if (state.status !== 'rolling-back' || state.rollback?.to !== to) return true;
  return plan.rebootNeeded && state.rollback?.reboot === 'not-needed';
}

async function undoAll(
  session: Session,
  steps: readonly RollbackStep[],
  { later, provenLater }: { later: readonly RollbackStep[]; provenLater: boolean },
): Promise<Outcome | undefined> {
  const { run } = session.state;
  for (const [index, step] of steps.entries()) {
    if (session.signal.aborted) return interrupted(session, step.id);
    const result = await undoStep(session, step, provenLater);
    if (result.kind === 'interrupted') return interrupted(session, step.id);
    if (result.kind === 'failed') {
      const left = [...steps.slice(index), ...later].map(({ id }) => id);
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

async function interrupted(session: Session, step: string | undefined): Promise<Outcome> {
  const { by } = new Interrupted(session.signal);
  await record(session, { type: 'run.interrupted', by });
  return outcome('interrupted', `interrupted by ${by} during rollback`, {
    step,
    hint: `Go on with: migrate rollback ${session.state.run}`,
  });
}

/** The running system lives on what is to be undone, so it must boot into the old state first, and be seen to. */
async function passReboot(session: Session, plan: RollbackPlan): Promise<Outcome | undefined> {
  if (!plan.rebootNeeded || session.state.rollback?.reboot === 'passed') return undefined;
  const boot = await session.ports.host.boot();
  const { rollback, run } = session.state;
  const says = 'the undone steps take effect at the next boot; reboot this machine now';
  if (rollback?.reboot !== 'waiting') {
    await session.ports.crashPoint('before-gate', undefined);
    await record(session, { type: 'rollback.reboot-entered', boot, says });
    await session.ports.crashPoint('at-gate', undefined);
  } else if (rollback.rebootFrom !== undefined && !isSameBoot(rollback.rebootFrom, boot)) {
    const still = await stillInEffect(session, rollback.toProve);
    if (still !== undefined) return still;
    await session.ports.crashPoint('before-opening', undefined);
    await record(session, { type: 'rollback.reboot-passed', boot });
    await session.ports.crashPoint('after-opening', undefined);
    return undefined;
  }
  return outcome('waiting', `the rollback waits for a reboot: ${says}`, {
    hint: `After it: migrate rollback ${run}`,
  });
}

/** After the boot the undone steps must be seen to be undone, before anything that lies beneath them is. */
async function stillInEffect(
  session: Session,
  toProve: ReadonlyMap<string, { readonly captured: unknown }>,
): Promise<Outcome | undefined> {
  const { run } = session.state;
  for (const [id, { captured }] of toProve) {
    const { is } = await probeUndone(session, id, captured);
    if (is !== 'done' && is !== 'partial') continue;
    return outcome(
      'waiting',
      `the machine has booted, and "${id}", which was undone, is still in effect; nothing else is undone before it is not`,
      {
        step: id,
        hint: `See what the machine boots, reboot it, then: migrate rollback ${run}\nWhen it is undone all the same: migrate settle ${run} ${id} --undone --why '…'`,
      },
    );
  }
  return undefined;
}
