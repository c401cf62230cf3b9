import { UsageError } from '../errors.ts';
import { didYouMean } from '../runbook/index.ts';
import { capturedContext, readContext, stepContext } from './context.ts';
import { parseOutput } from './output.ts';
import { nodeOf, record, stepOf, type Session } from './session.ts';
import { verifyStep } from './verify.ts';

/**
 * Takes a person's word on a step in doubt; verified where the step can verify.
 *
 * @param output given with `done`, for a step that has an output
 * @param why the person's reason; journaled
 * @throws UsageError `settle.no-step`, `settle.not-in-doubt`; StepError when a claimed result does not verify
 */
export async function settle(
  session: Session,
  id: string,
  as: 'done' | 'not-started' | 'undone',
  why: string,
  output?: unknown,
): Promise<void> {
  const recorded = session.state.nodes.find((node) => node.id === id);
  if (recorded === undefined) {
    const known = session.state.nodes.map((node) => node.id);
    throw new UsageError(
      'settle.no-step',
      `${session.state.run} has no step "${id}".${didYouMean(id, known)}`,
    );
  }
  const step = stepOf(session, recorded);
  const begun = step.startedSeq !== undefined && step.status !== 'done' && step.status !== 'waiting';
  if (as === 'undone' ? step.startedSeq === undefined : !begun) {
    throw new UsageError(
      'settle.not-in-doubt',
      `step "${id}" is not in doubt: it is ${step.status}`,
      `See migrate status ${session.state.run}`,
    );
  }
  if (as === 'undone') {
    await record(session, { type: 'undo.completed', step: id, by: 'person', why });
    return;
  }
  if (as === 'not-started') {
    await record(session, { type: 'step.settled', step: id, as, by: 'person', why });
    return;
  }
  const node = nodeOf(session, id);
  if (node?.kind !== 'step')
    throw new UsageError('settle.no-runbook', `step "${id}" cannot be called done without its runbook`);
  const parsed = parseOutput(node, output);
  const read = readContext(node, stepContext(node, session.state, session.folder), session.ports.host);
  const verified = await verifyStep(session, node, capturedContext(read, step.intent?.captured), parsed);
  await record(session, {
    type: 'step.completed',
    step: id,
    attempt: step.attempts,
    by: 'person',
    why,
    ...(parsed === undefined ? {} : { output: parsed }),
    ...verified,
  });
}
