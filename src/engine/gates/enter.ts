import type { GateNode, StepContext } from '../../runbook/index.ts';
import type { Sampler } from '../../journal/state.ts';
import { record, stepOf, type Session } from '../session.ts';

export function gateText(text: string | ((context: StepContext) => string), context: StepContext): string {
  return String(typeof text === 'function' ? text(context) : text);
}

/** Records once that the run has come to a gate; the boot and clocks of that moment count for later. */
export async function enterGate(
  session: Session,
  node: GateNode,
  says: string,
  soak?: { min: number; max: number; maxGap: number; sampler: Sampler },
): Promise<void> {
  if (stepOf(session, node).status === 'waiting') return;
  const { host } = session.ports;
  await session.ports.crashPoint('before-gate', node.id);
  await record(session, {
    type: 'gate.entered',
    step: node.id,
    kind: node.kind,
    says,
    ...soak,
    boot: await host.boot(),
    clocks: host.clock.now(),
  });
  await session.ports.crashPoint('at-gate', node.id);
}
