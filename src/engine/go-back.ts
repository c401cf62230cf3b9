import { isSameBoot } from '../journal/boot.ts';
import { stepState } from '../journal/state.ts';
import { planRollback } from '../plan/rollback.ts';
import { outcome, type Outcome } from './outcome.ts';
import { record, type Session } from './session.ts';
import { undoStep } from './undo.ts';

/**
 * Takes back a step that nobody confirmed, and the reboots after it, and nothing else: the run can go on
 * from before it. Once begun it is not interrupted, since nobody may be able to begin it again.
 *
 * @param why the step is not left as it is; journaled once, whatever came of the undo
 */
export async function goBackUnconfirmed(given: Session, id: string, why: string): Promise<Outcome> {
  const interruption = given.signal.aborted ? String(given.signal.reason) : undefined;
  const session: Session = { ...given, signal: new AbortController().signal };
  const { state, ports } = session;
  const { deadline, startedSeq = 0, startedBoot } = stepState(state, id);
  if (deadline?.decided === undefined) await record(session, { type: 'step.expired', step: id, why });
  const boot = await ports.host.boot();
  const { beforeReboot, afterReboot } = planRollback(state, boot);
  const steps = [...beforeReboot, ...afterReboot]
    .filter(({ step }) => (step.startedSeq ?? 0) >= startedSeq)
    .toSorted((one, other) => (other.step.startedSeq ?? 0) - (one.step.startedSeq ?? 0));
  let atBoot = false;
  for (const step of steps) {
    const livesOnIt =
      step.node.effective === 'at-boot' && startedBoot !== undefined && !isSameBoot(startedBoot, boot);
    atBoot ||= livesOnIt;
    const result = await undoStep(session, step, livesOnIt);
    if (result.kind === 'undone') continue;
    const message = result.kind === 'failed' ? result.message : 'it was interrupted';
    const hint = result.kind === 'failed' ? result.hint : undefined;
    return outcome('rollback-incomplete', `"${id}" goes back (${why}), and its undo failed: ${message}`, {
      step: id,
      hint: [hint, `When it is mended, go on with its undo: migrate resume ${state.run}`]
        .filter(Boolean)
        .join('\n'),
    });
  }
  const reboot = atBoot ? ' It takes effect when this machine boots; reboot it now.' : '';
  const message = `"${id}" was taken back: ${why}.${reboot}`;
  const hint = `Try it again: migrate resume ${state.run}\nOr go back further: migrate rollback ${state.run}`;
  if (interruption !== undefined && interruption !== 'SIGHUP') {
    await record(session, { type: 'run.interrupted', by: interruption });
    return outcome('interrupted', message, { step: id, hint });
  }
  return outcome('failed', message, { step: id, hint });
}
