import type { ProbeAnswer, ReadContext, Schema, StepNode } from '../runbook/index.ts';
import { capturedContext, recordedCapture } from './context.ts';
import { failureOf } from './failure.ts';
import { parseOutput } from './output.ts';
import { record, stepOf, throwIfInterrupted, type Session } from './session.ts';
import { verifyStep } from './verify.ts';

export type Settled =
  | { readonly as: 'run' }
  | { readonly as: 'done' }
  | { readonly as: 'open'; readonly why: string };

/**
 * Settles a step whose attempt began and did not end well: asks its probe what became of it. Where
 * nobody can tell, it stays open for a person.
 */
export async function settleDoubt(session: Session, node: StepNode, read: ReadContext): Promise<Settled> {
  const step = stepOf(session, node);
  if (step.status === 'not-started') return { as: 'run' };
  const settle = (as: 'not-started' | 'partial', by: 'probe' | 'idempotent', why: string) =>
    record(session, { type: 'step.settled', step: node.id, as, by, why });
  if (node.reversal === 'readonly') {
    await settle('not-started', 'idempotent', 'it only reads');
    return { as: 'run' };
  }
  if (node.body.probe === undefined) {
    if (node.body.idempotent !== true) return { as: 'open', why: 'it has no probe that could tell' };
    await settle('partial', 'idempotent', 'running it twice does no harm');
    return { as: 'run' };
  }
  const context = capturedContext(read, recordedCapture(step));
  const { probe } = node.body;
  const answer = await probed(() => probe(context));
  throwIfInterrupted(session.signal);
  if (answer === 'not-started') {
    await settle('not-started', 'probe', 'the probe found nothing of it');
    return { as: 'run' };
  }
  if (answer === 'partial') {
    if (node.body.idempotent !== true) return { as: 'open', why: 'the probe finds it begun and not ended' };
    await settle('partial', 'probe', 'the probe found it begun');
    return { as: 'run' };
  }
  const done = doneOf(answer);
  if (done === undefined) return { as: 'open', why: unknownWhy(answer) };
  const output = parseOutput(node, done.output);
  const verified = await verifyStep(session, node, context, output);
  await record(session, {
    type: 'step.completed',
    step: node.id,
    attempt: step.attempts,
    by: 'probe',
    why: 'the probe found it done',
    ...(output === undefined ? {} : { output }),
    ...verified,
  });
  return { as: 'done' };
}

/** The output of an answer that says done; `undefined` for any other answer. */
export function doneOf(answer: ProbeAnswer<Schema>): { readonly output: unknown } | undefined {
  if ((answer as unknown) === 'done') return { output: undefined };
  return typeof answer === 'object' && 'done' in answer ? { output: answer.done } : undefined;
}

export function unknownWhy(answer: ProbeAnswer<Schema>): string {
  return typeof answer === 'object' && 'unknown' in answer ? answer.unknown : 'the probe cannot tell';
}

/** A probe that fails, or gives no answer that there is, cannot tell; the reason says so. */
export async function probed(
  probe: () => ProbeAnswer<Schema> | Promise<ProbeAnswer<Schema>>,
): Promise<ProbeAnswer<Schema>> {
  try {
    const answer: unknown = await probe();
    return isAnswer(answer) ? answer : { unknown: `its probe answered ${String(answer)}` };
  } catch (thrown) {
    return { unknown: `its probe failed: ${failureOf(thrown).message}` };
  }
}

const words: ReadonlySet<unknown> = new Set(['done', 'not-started', 'partial', 'unknown']);

function isAnswer(answer: unknown): answer is ProbeAnswer<Schema> {
  if (words.has(answer)) return true;
  if (typeof answer !== 'object' || answer === null) return false;
  return 'done' in answer || ('unknown' in answer && typeof answer.unknown === 'string');
}
