import { UsageError } from '../errors.ts';
import { didYouMean } from '../runbook/index.ts';
import { capturedContext, contextOf, recordedCapture } from './context.ts';
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
  const nodes = [...session.state.nodes, ...session.state.removed];
  const recorded = nodes.find((node) => node.id === id);
  if (recorded === undefined) {
    const known = nodes.map((node) => node.id);
    throw new UsageError(
      'settle.no-step',
      `${session.state.run} has no step "${id}".${didYouMean(id, known)}`,
    );
  }
  if (why.trim() === '') throw new UsageError('settle.why', 'say why, for whoever reads the journal later');
  const step = stepOf(session, recorded);
  const begun = step.startedSeq !== undefined && step.status !== 'done' && step.status !== 'waiting';
  const undoable = step.startedSeq !== undefined || session.state.rollback?.toProve.has(id) === true;
  if (as === 'undone' ? !undoable : !begun) {
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
  if (recorded.kind !== 'step') {
    throw new UsageError(
      'settle.kind',
      `"${id}" is a ${recorded.kind}: it changes nothing, and is never in doubt`,
      `Go on with: migrate resume ${session.state.run}`,
    );
  }
  if (node?.kind !== 'step')
    throw new UsageError('settle.no-runbook', `step "${id}" cannot be called done without its runbook`);
  if (node.body.output !== undefined && output === undefined) {
    throw new UsageError(
      'settle.output',
      `step "${id}" has an output, which later steps may need`,
      'Give it as JSON: --output FILE',
    );
  }
  const parsed = parseOutput(node, output);
  const verified = await verifyStep(
    session,
    node,
    capturedContext(contextOf(session, node), recordedCapture(step)),
    parsed,
  );
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
