import { StepError } from '../errors.ts';
import type { RecordedUndo } from '../journal/event.ts';
import { stepState } from '../journal/state.ts';
import type { RollbackStep } from '../plan/rollback.ts';
import { isRestoreFile, type StepNode, type UndoAction } from '../runbook/index.ts';
import { actContext, execJournaled, type Acting } from './act.ts';
import { capturedContext, contextOf, recordedCapture } from './context.ts';
import { failureOf } from './failure.ts';
import { restoreFile } from './restore-file.ts';
import {
  Interrupted,
  isJournalFailure,
  nodeOf,
  record,
  throwIfInterrupted,
  type Session,
} from './session.ts';
import { settleHint, withoutCode } from './undo-without-code.ts';
import { probeUndone, type Standing } from './undo-probe.ts';

export type UndoResult =
  | { readonly kind: 'undone' }
  | { readonly kind: 'failed'; readonly message: string; readonly hint: string | undefined }
  | { readonly kind: 'interrupted' };

/**
 * Takes one step back, by what was recorded before its act; probes before and after where it can.
 *
 * @param provenLater the undo shows itself after the next boot only, and is proven then
 */
export async function undoStep(
  session: Session,
  { id, step }: RollbackStep,
  provenLater: boolean,
): Promise<UndoResult> {
  const undo: RecordedUndo = step.intent?.undo ?? { kind: 'nothing' };
  const isNothing = undo.kind === 'nothing' || (undo.kind === 'data' && undo.actions.length === 0);
  if (isNothing || step.status === 'not-started') {
    await record(session, { type: 'undo.completed', step: id, by: 'nothing-to-undo' });
    return { kind: 'undone' };
  }
  const captured = recordedCapture(step);
  try {
    const before = await probeUndone(session, id, captured);
    if (before.is === 'not-started') {
      const why = 'the probe found nothing of it';
      await record(session, { type: 'undo.completed', step: id, by: 'probe', why });
      return { kind: 'undone' };
    }
    if (before.is === 'unknown') {
      const what = `what is there cannot be told: ${before.why}`;
      throw new StepError('undo.unknown', what, settleHint(session.state.run, id));
    }
    await record(session, { type: 'undo.started', step: id, undo, boot: await session.ports.host.boot() });
    await session.ports.crashPoint('mid-undo', id);
    const attempt = Math.max(1, step.attempts);
    await runUndo(session, { step: id, attempt, undoing: true, commandCount: 0 }, undo, captured);
    throwIfInterrupted(session.signal);
    if (!provenLater) mustBeUndone(session, id, await probeUndone(session, id, captured));
    await session.ports.crashPoint('before-undo-record', id);
    await record(session, { type: 'undo.completed', step: id, by: 'act' });
    return { kind: 'undone' };
  } catch (thrown) {
    return endOfUndo(session, id, thrown, undo.kind === 'code');
  }
}

async function endOfUndo(
  session: Session,
  id: string,
  thrown: unknown,
  isCode: boolean,
): Promise<UndoResult> {
  if (isJournalFailure(thrown)) throw thrown;
  if (thrown instanceof Interrupted || session.signal.aborted) {
    await record(session, { type: 'undo.interrupted', step: id, by: new Interrupted(session.signal).by });
    return { kind: 'interrupted' };
  }
  const told = failureOf(thrown);
  // Whoever mends it in the runbook would see no effect.
  const mend = `Its code is the one with which the step began; by mended code: migrate rollback ${session.state.run} --runbook FILE`;
  const ownFault = isCode && session.mended !== true && !told.code.startsWith('undo.');
  const failure = ownFault ? { ...told, hint: [told.hint, mend].filter(Boolean).join('\n') } : told;
  await record(session, { type: 'undo.failed', step: id, error: failure });
  return { kind: 'failed', message: failure.message, hint: failure.hint };
}

/** @throws StepError `undo.no-effect`, `undo.incomplete`, `undo.unknown` for what the probe still finds */
function mustBeUndone(session: Session, id: string, after: Standing): void {
  const hint = settleHint(session.state.run, id);
  switch (after.is) {
    case 'not-started':
    case 'no-probe':
      return;
    case 'done':
      throw new StepError('undo.no-effect', 'its undo ran, and the probe still finds it done', hint);
    case 'partial':
      throw new StepError('undo.incomplete', 'its undo ran, and the probe still finds something of it', hint);
    case 'unknown':
      throw new StepError('undo.unknown', `its undo ran, and the probe cannot tell: ${after.why}`, hint);
  }
}

async function runUndo(
  session: Session,
  acting: Acting,
  undo: RecordedUndo,
  captured: unknown,
): Promise<void> {
  switch (undo.kind) {
    case 'nothing':
      return;
    case 'irreversible':
      throw new StepError('undo.irreversible', undo.why);
    case 'data':
      for (const action of undo.actions as readonly UndoAction[]) {
        throwIfInterrupted(session.signal);
        if (isRestoreFile(action)) await restoreFile(session.ports.host.files, action);
        else await execJournaled(session, acting, action, session.signal, {});
      }
      return;
    case 'code':
      await runUndoCode(session, acting, undo, captured);
  }
}

/** What another version of an operation captured is not for this one to read. */
function mustBeItsCode(
  { state: { run }, mended }: Session,
  { id, operation }: StepNode,
  undo: Extract<RecordedUndo, { kind: 'code' }>,
): void {
  const now = operation && `${operation.name} ${operation.version}`;
  if (undo.operation === undefined || undo.operation === now || mended === true) return;
  const why = `the step was done by version ${undo.operation.split(' ').at(-1)} of ${undo.operation.split(' ')[0]}, and here is ${now ?? 'none'}`;
  const { code, message, hint } = withoutCode(run, id, undo, why);
  throw new StepError(code, message, `Best by the program with which it was done. ${hint ?? ''}`);
}

async function runUndoCode(
  session: Session,
  acting: Acting,
  undo: Extract<RecordedUndo, { kind: 'code' }>,
  captured: unknown,
): Promise<void> {
  const node = nodeOf(session, acting.step);
  if (node?.kind !== 'step' || typeof node.undo !== 'object') {
    throw withoutCode(session.state.run, acting.step, undo);
  }
  mustBeItsCode(session, node, undo);
  const context = capturedContext(contextOf(session, node), captured);
  const { laterWrites } = stepState(session.state, acting.step);
  await node.undo.run({ ...actContext(session, node, context, acting, session.signal), laterWrites });
}
