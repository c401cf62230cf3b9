import { MigrateError, StepError } from '../errors.ts';
import type { RecordedUndo } from '../journal/event.ts';
import type { RollbackStep } from '../plan/rollback.ts';
import { isRestoreFile, type Command, type RestoreFile, type UndoAction } from '../runbook/index.ts';
import { actContext, execJournaled, type Acting } from './act.ts';
import { capturedContext, readContext, stepContext } from './context.ts';
import { probed, unknownWhy } from './doubt.ts';
import { failureOf } from './failure.ts';
import { Interrupted, nodeOf, record, throwIfInterrupted, type Session } from './session.ts';

export type UndoResult =
  | { readonly kind: 'undone' }
  | { readonly kind: 'failed'; readonly message: string; readonly hint: string | undefined }
  | { readonly kind: 'interrupted' };

/** Takes one step back, by what was recorded before its act; probes before and after where it can. */
export async function undoStep(session: Session, { id, step }: RollbackStep): Promise<UndoResult> {
  const undo: RecordedUndo = step.intent?.undo ?? { kind: 'nothing' };
  if (undo.kind === 'nothing') {
    await record(session, { type: 'undo.completed', step: id, by: 'nothing-to-undo' });
    return { kind: 'undone' };
  }
  try {
    const before = await probeNow(session, id, step.intent?.captured);
    if (before === 'not-started') {
      await record(session, {
        type: 'undo.completed',
        step: id,
        by: 'probe',
        why: 'the probe found nothing of it',
      });
      return { kind: 'undone' };
    }
    if (before !== undefined && before.startsWith('unknown')) {
      throw new StepError(
        'undo.unknown',
        `what is there cannot be told: ${before.slice('unknown: '.length)}`,
        settleHint(session, id),
      );
    }
    const acting: Acting = { step: id, attempt: Math.max(1, step.attempts), undoing: true };
    await record(session, { type: 'undo.started', step: id, undo, boot: await session.ports.host.boot() });
    await session.ports.crashPoint('mid-undo', id);
    await runUndo(session, acting, undo, step.intent?.captured);
    throwIfInterrupted(session.signal);
    const after = await probeNow(session, id, step.intent?.captured);
    if (after === 'done')
      throw new StepError(
        'undo.no-effect',
        'its undo ran, and the probe still finds it done',
        settleHint(session, id),
      );
    await session.ports.crashPoint('before-undo-record', id);
    await record(session, { type: 'undo.completed', step: id, by: 'act' });
    return { kind: 'undone' };
  } catch (thrown) {
    if (thrown instanceof MigrateError && thrown.code.startsWith('journal.')) throw thrown;
    if (thrown instanceof Interrupted || session.signal.aborted) {
      await record(session, { type: 'undo.interrupted', step: id, by: new Interrupted(session.signal).by });
      return { kind: 'interrupted' };
    }
    const failure = failureOf(thrown);
    await record(session, { type: 'undo.failed', step: id, error: failure });
    return { kind: 'failed', message: failure.message, hint: failure.hint };
  }
}

function settleHint(session: Session, id: string): string {
  return `Look at the machine; when it is as before the step: migrate settle ${session.state.run} ${id} --undone --why '…'`;
}

/** The probe's word in short; `undefined` where the step has no probe or its runbook is gone. */
async function probeNow(session: Session, id: string, captured: unknown): Promise<string | undefined> {
  const node = nodeOf(session, id);
  if (node?.kind !== 'step' || node.body.probe === undefined) return undefined;
  const { probe } = node.body;
  const read = readContext(node, stepContext(node, session.state, session.folder), session.ports.host);
  const answer = await probed(() => probe(capturedContext(read, captured)));
  if (answer === 'not-started' || answer === 'partial') return answer;
  if (typeof answer === 'object' && 'done' in answer) return 'done';
  return (answer as unknown) === 'done' ? 'done' : `unknown: ${unknownWhy(answer)}`;
}

async function runUndo(
  session: Session,
  acting: Acting,
  undo: RecordedUndo,
  captured: unknown,
): Promise<void> {
  if (undo.kind === 'data') {
    let number = 0;
    for (const action of undo.actions as readonly UndoAction[]) {
      number += 1;
      if (isRestoreFile(action)) await restoreFile(session, action);
      else await execJournaled(session, acting, number, action as Command, session.signal, {});
    }
    return;
  }
  if (undo.kind === 'irreversible') throw new StepError('undo.irreversible', undo.why);
  if (undo.kind === 'nothing') return;
  const node = nodeOf(session, acting.step);
  if (node?.kind !== 'step' || typeof node.undo !== 'object') {
    const byHand =
      typeof undo.breakGlass === 'string'
        ? undo.breakGlass
        : undo.breakGlass.map(({ argv }) => argv.join(' ')).join('\n');
    throw new StepError(
      'undo.no-code',
      `its undo is code, and the runbook that holds it cannot be loaded (${undo.describe})`,
      `By hand:\n${byHand}`,
    );
  }
  const read = readContext(node, stepContext(node, session.state, session.folder), session.ports.host);
  await node.undo.run(actContext(session, node, capturedContext(read, captured), acting, session.signal));
}

async function restoreFile(session: Session, action: RestoreFile): Promise<void> {
  const { files } = session.ports.host;
  const now = await files.read(action.restore);
  if (now === (action.content ?? undefined)) return;
  if (action.expect !== undefined && now !== action.expect) {
    throw new StepError(
      'undo.edited',
      `${action.restore} was changed by somebody since, so it is not put back`,
      'Put the change aside, restore the file by hand, and settle the step as undone.',
    );
  }
  if (action.content === null) await files.remove(action.restore);
  else
    await files.replace(
      action.restore,
      action.content,
      action.mode === undefined ? {} : { mode: action.mode },
    );
}
