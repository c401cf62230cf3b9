import type { Node } from '../runbook/index.ts';
import { failureOf } from './failure.ts';
import { Interrupted, isJournalFailure, record, stepOf, type Session } from './session.ts';
import type { StepResult } from './step-result.ts';

/**
 * Records how an attempt ended that threw.
 * @throws the journal's own failure: no further word of this run could be trusted
 */
export async function endOf(session: Session, node: Node, thrown: unknown): Promise<StepResult> {
  if (isJournalFailure(thrown)) throw thrown;
  const { status, attempts: attempt } = stepOf(session, node);
  if (thrown instanceof Interrupted || session.signal.aborted) {
    const { by } = thrown instanceof Interrupted ? thrown : new Interrupted(session.signal);
    if (status === 'started') await record(session, { type: 'step.interrupted', step: node.id, attempt, by });
    return { kind: 'interrupted', by };
  }
  const failure = failureOf(thrown);
  // A failure before the intent leaves no start behind, so there is nothing to undo and nothing in doubt.
  await record(session, {
    type: 'step.failed',
    step: node.id,
    attempt: status === 'started' ? attempt : attempt + 1,
    error: failure,
    ...(node.onFailure === 'rollback' ? { goesBack: true as const } : {}),
  });
  return { kind: 'failed', failure };
}
