import { isSameBoot } from '../../journal/boot.ts';
import type { RebootNode } from '../../runbook/index.ts';
import { contextOf, stepContext } from '../context.ts';
import { failureOf } from '../failure.ts';
import { stepOf, throwIfInterrupted, type Session } from '../session.ts';
import type { StepResult } from '../step-result.ts';
import { enterGate, gateText } from './enter.ts';
import { openGate, tellOfOpening } from './open.ts';

/** Asks for a boot, and opens when one has happened and what must hold after it holds. */
export async function passRebootGate(session: Session, node: RebootNode): Promise<StepResult> {
  const context = stepContext(node, session.state, session.folder);
  const { host } = session.ports;
  const says = gateText(node.instructions, context);
  await enterGate(session, node, says);
  const entered = stepOf(session, node).gate?.enteredBoot;
  const boot = await host.boot();
  if (entered === undefined || isSameBoot(entered, boot)) {
    return {
      kind: 'waiting',
      why: `"${node.id}" waits for a reboot: ${says}`,
      hint: `After it: migrate resume ${session.state.run}`,
    };
  }
  try {
    await node.verify?.(contextOf(session, node));
  } catch (thrown) {
    throwIfInterrupted(session.signal);
    const { message } = failureOf(thrown);
    return {
      kind: 'waiting',
      why: `the machine has booted, but "${node.id}" does not hold: ${message}`,
      hint: `Mend it and run migrate resume ${session.state.run}, or go back: migrate rollback ${session.state.run}`,
    };
  }
  await openGate(session, node, { by: 'boot', boot });
  await tellOfOpening(session, node, `the machine has booted, and "${node.id}" is open`);
  return { kind: 'done' };
}
