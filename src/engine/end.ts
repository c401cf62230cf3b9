import type { Node } from '../runbook/index.ts';
import type { EventOf } from '../journal/event.ts';
import { failureOf } from './failure.ts';
import { Interrupted, isJournalFailure, record, stepOf, type Session } from './session.ts';
import type { StepResult } from './step-result.ts';

/**
 * Records how an attempt ended that threw.
 * @param found what a check found before, which its failure keeps
 * @throws the journal's own failure: no further word of this run could be trusted
 */
export async function endOf(
  session: Session,
  node: Node,
  thrown: unknown,
  found: Pick<EventOf<'step.failed'>, 'finding' | 'evidence' | 'knownLimitation'> = {},
): Promise<StepResult> {
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
    ...found,
  });
  return { kind: 'failed', failure };
}
