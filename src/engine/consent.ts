import type { Node, StepNode } from '../runbook/index.ts';
import { record, stepOf, type Session } from './session.ts';
import type { StepResult } from './step-result.ts';

/** Asks for consent to what cannot be undone, and records it; a result when nobody consents. */
export async function askConsent(session: Session, node: StepNode): Promise<StepResult | undefined> {
  if (node.reversal !== 'irreversible') return undefined;
  const why = node.irreversible ?? 'it cannot be undone';
  // Consent that was given before a boot was given by somebody who could not know what it would bring.
  if (session.unattended !== undefined) {
    return {
      kind: 'waiting',
      why: `step "${node.id}" cannot be undone, and nobody is there: ${why}`,
      hint: `When you have looked: migrate resume ${session.state.run} --accept-irreversible ${node.id}`,
    };
  }
  if (stepOf(session, node).accepted) return undefined;
  const answer = await session.ports.operator.acceptIrreversible(node.id, why);
  const inAdvance = answer === 'flag' && !soaksOpenedEarlier(session, node);
  if (answer === 'phrase' || (answer === 'flag' && !inAdvance)) {
    await record(session, { type: 'irreversible.accepted', step: node.id, by: answer });
    return undefined;
  }
  const again = `migrate resume ${session.state.run} --accept-irreversible ${node.id}`;
  return {
    kind: 'waiting',
    why: `step "${node.id}" cannot be undone: ${why}`,
    hint: inAdvance
      ? `Consent given before the soak had opened does not count. Look at what it found, and when you are sure: ${again}`
      : `When you are sure: ${again}`,
  };
}

/** Consent by flag counts only when every soak was open before this process began: nobody agrees in advance. */
function soaksOpenedEarlier(session: Session, node: Node): boolean {
  const nodes = session.runbook?.nodes ?? [];
  const index = nodes.findIndex(({ id }) => id === node.id);
  return nodes.slice(0, index).every((earlier) => {
    if (earlier.kind !== 'soak') return true;
    const { gate, status } = stepOf(session, earlier);
    return status === 'skipped' || (gate?.openedSeq !== undefined && gate.openedSeq <= session.beganAfter);
  });
}
