import type { ReadContext, StepNode } from '../runbook/index.ts';
import { capturedContext, contextOf } from './context.ts';
import { probed, unknownWhy } from './doubt.ts';
import { nodeOf, throwIfInterrupted, type Session } from './session.ts';

/** What the probe of a step finds on the way back; `no-probe` also when its runbook is gone. */
export type Standing =
  | { readonly is: 'done' | 'not-started' | 'partial' | 'no-probe' }
  | { readonly is: 'unknown'; readonly why: string };

/** @throws Interrupted when the run is */
export async function probeUndone(session: Session, id: string, captured: unknown): Promise<Standing> {
  const node = nodeOf(session, id);
  if (node?.kind !== 'step' || node.body.probe === undefined) return { is: 'no-probe' };
  const { probe } = node.body;
  const read = contextIfPossible(session, node);
  // The runbook was edited, and cannot ask any more; what was recorded is safe to run all the same.
  if (read === undefined) return { is: 'no-probe' };
  const answer = await probed(() => probe(capturedContext(read, captured)));
  throwIfInterrupted(session.signal);
  if (answer === 'not-started' || answer === 'partial') return { is: answer };
  if ((answer as unknown) === 'done' || (typeof answer === 'object' && 'done' in answer))
    return { is: 'done' };
  return { is: 'unknown', why: unknownWhy(answer) };
}

function contextIfPossible(session: Session, node: StepNode): ReadContext | undefined {
  try {
    return contextOf(session, node);
  } catch {
    return undefined;
  }
}
