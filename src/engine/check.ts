import { z } from 'zod';
import { StepError } from '../errors.ts';
import { issueText, type CheckNode, type Finding, type ReadContext } from '../runbook/index.ts';
import { contextOf, stepContext } from './context.ts';
import { endOf } from './end.ts';
import { mustSurvive } from './output.ts';
import { record, stepOf, throwIfInterrupted, type Session } from './session.ts';
import type { StepResult } from './step-result.ts';

const findingSchema = z.object({
  verdict: z.enum(['PASS', 'PARTIAL', 'FAIL', 'BLOCKED']),
  observed: z.string(),
  evidence: z.record(z.string(), z.unknown()).optional(),
});

/** Runs a validation; its finding is its output. */
export async function attemptCheck(session: Session, node: CheckNode): Promise<StepResult> {
  const { host } = session.ports;
  try {
    const context = stepContext(node, session.state, session.folder);
    if (node.when?.(context) === false) {
      await record(session, { type: 'step.skipped', step: node.id, why: 'when' });
      return { kind: 'done' };
    }
    await session.ports.crashPoint('before-intent', node.id);
    const attempt = stepOf(session, node).attempts + 1;
    const clocks = host.clock.now();
    await record(session, {
      type: 'step.started',
      step: node.id,
      attempt,
      describe: [node.expect],
      undo: { kind: 'nothing' },
      boot: await host.boot(),
      clocks,
    });
    await session.ports.crashPoint('after-intent', node.id);
    const output = await find(node, contextOf(session, node));
    throwIfInterrupted(session.signal);
    await session.ports.crashPoint('before-checkpoint', node.id);
    await record(session, {
      type: 'step.completed',
      step: node.id,
      attempt,
      by: 'act',
      output,
      verified: true,
      clocks,
    });
    await session.ports.crashPoint('after-checkpoint', node.id);
    return { kind: 'done' };
  } catch (thrown) {
    return endOf(session, node, thrown);
  }
}

/** @throws StepError `check.failed` for the verdict FAIL, and as `findingOf` */
export async function find(node: CheckNode, context: ReadContext): Promise<Finding> {
  const finding = await findingOf(node, context);
  if (finding.verdict !== 'FAIL') return finding;
  throw new StepError('check.failed', `expected ${node.expect}; observed ${finding.observed}`);
}

/**
 * What a check finds, whatever its verdict.
 * @throws StepError `check.finding` for what is no finding: a verdict that nobody knows must never pass for a
 *   good one
 */
export async function findingOf(node: CheckNode, context: ReadContext): Promise<Finding> {
  const given: unknown = await node.run(context);
  const finding = findingSchema.safeParse(given);
  if (!finding.success) {
    const problems = finding.error.issues.map((issue) => issueText(issue)).join('; ');
    throw new StepError('check.finding', `check "${node.id}" gave no finding: ${problems}`);
  }
  mustSurvive(node.id, 'output', given);
  return finding.data as Finding;
}
