import type { CapturedContext, ClockReading, StepNode } from '../runbook/index.ts';
import type { Session } from './session.ts';

/**
 * Proves a result where the step can.
 * @throws whatever the verification throws: the step is then not done
 */
export async function verifyStep(
  session: Session,
  node: StepNode,
  context: CapturedContext,
  output: unknown,
): Promise<{ verified: boolean; clocks?: ClockReading }> {
  if (node.body.verify === undefined) return { verified: false };
  await node.body.verify({ ...context, output });
  return { verified: true, clocks: session.ports.host.clock.now() };
}
