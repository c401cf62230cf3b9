import { UsageError } from '../../errors.ts';
import type { GateNode } from '../../runbook/index.ts';
import { stepContext } from '../context.ts';
import { failureOf } from '../failure.ts';
import { Interrupted, isJournalFailure, record, stepOf, type Session } from '../session.ts';
import type { StepResult } from '../step-result.ts';
import { passPersonGate } from './person.ts';
import { passRebootGate } from './reboot.ts';
import { passSoak } from './soak.ts';

/**
 * Opens a gate, or says what it waits for. A gate that fails stays as it is, and can be tried again.
 * @param options.wait stay at a soak until it opens
 */
export async function passGate(
  session: Session,
  node: GateNode,
  options: { readonly wait?: boolean },
): Promise<StepResult> {
  try {
    const entered = stepOf(session, node).status === 'waiting';
    if (!entered && node.when?.(stepContext(node, session.state, session.folder)) === false) {
      await record(session, { type: 'step.skipped', step: node.id, why: 'when' });
      return { kind: 'done' };
    }
    if (node.kind === 'soak') return await passSoak(session, node, options.wait ?? false);
    if (node.kind === 'reboot') return await passRebootGate(session, node);
    return await passPersonGate(session, node);
  } catch (thrown) {
    // Wrong input is the operator's, who is told at once.
    if (isJournalFailure(thrown) || thrown instanceof UsageError) throw thrown;
    if (thrown instanceof Interrupted || session.signal.aborted)
      return { kind: 'interrupted', by: new Interrupted(session.signal).by };
    return { kind: 'failed', failure: failureOf(thrown) };
  }
}
