import { StepError } from '../errors.ts';
import type { EventOf, RecordedEvidence } from '../journal/event.ts';
import { issueText, type CheckNode, type Finding, type StepContext } from '../runbook/index.ts';
import { readContext, stepContext } from './context.ts';
import { endOf } from './end.ts';
import { witness } from './evidence.ts';
import { findingSchema, hiddenFinding } from './finding.ts';
import { mustSurvive } from './output.ts';
import type { EngineHost } from './ports.ts';
import { record, stepOf, throwIfInterrupted, type Session } from './session.ts';
import type { StepResult } from './step-result.ts';

/** What a check answered, or why it could not, and in either case what it ran for it. */
export type Answer = { readonly evidence: RecordedEvidence | undefined } & (
  | { readonly finding: Finding; readonly thrown?: never }
  | { readonly finding?: never; readonly thrown: unknown }
);

/** Runs a validation; its finding is its output, or for the verdict FAIL stands beside the failure. */
export async function attemptCheck(session: Session, node: CheckNode): Promise<StepResult> {
  const { host } = session.ports;
  let answer: Answer | undefined;
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
    answer = await ask(node, context, host, session.signal);
    throwIfInterrupted(session.signal);
    const finding = found(node, answer);
    await session.ports.crashPoint('before-checkpoint', node.id);
    await record(session, {
      type: 'step.completed',
      step: node.id,
      attempt,
      by: 'act',
      output: finding,
      verified: true,
      clocks,
      ...recordOf(node, answer),
    });
    await session.ports.crashPoint('after-checkpoint', node.id);
    return { kind: 'done' };
  } catch (thrown) {
    return endOf(session, node, thrown, answer === undefined ? {} : failureRecordOf(node, answer));
  }
}

/** Puts the question of a check, whatever comes of it; every command that it runs is remembered. */
export async function ask(
  node: CheckNode,
  context: StepContext,
  host: EngineHost,
  signal: AbortSignal,
): Promise<Answer> {
  const { host: watched, evidence, hide } = await witness(host);
  try {
    const given: unknown = await node.run(readContext(node, context, watched, signal));
    return { finding: findingOf(node, given, hide), evidence: evidence() };
  } catch (thrown) {
    return { thrown, evidence: evidence() };
  }
}

/**
 * The finding of an answer that lets a run go on.
 * @throws what the check threw; StepError `check.failed` for the verdict FAIL
 */
export function found(node: CheckNode, { finding, thrown }: Answer): Finding {
  if (finding === undefined) throw thrown;
  if (finding.verdict !== 'FAIL') return finding;
  throw new StepError('check.failed', `expected ${node.expect}; observed ${finding.observed}`);
}

/** Why what a check found is known; a check that threw has found nothing that anybody knew of. */
export function limitationOf(node: CheckNode, finding: Finding | undefined): string | undefined {
  return finding?.verdict === 'FAIL' || finding?.verdict === 'PARTIAL' ? node.knownLimitation : undefined;
}

/** What the journal keeps of an answer beside the finding. */
export function recordOf(
  node: CheckNode,
  { finding, evidence }: Answer,
): Pick<EventOf<'step.completed'>, 'evidence' | 'knownLimitation'> {
  const knownLimitation = limitationOf(node, finding);
  return {
    ...(evidence === undefined ? {} : { evidence }),
    ...(knownLimitation === undefined ? {} : { knownLimitation }),
  };
}

function failureRecordOf(node: CheckNode, answer: Answer) {
  const { finding } = answer;
  return { ...(finding === undefined ? {} : { finding }), ...recordOf(node, answer) };
}

/** @throws StepError `check.finding`: a verdict that nobody knows must never pass for a good one */
function findingOf(node: CheckNode, given: unknown, hide: (text: string) => string): Finding {
  const finding = findingSchema.safeParse(given);
  if (!finding.success) {
    const problems = finding.error.issues.map((issue) => issueText(issue)).join('; ');
    throw new StepError('check.finding', `check "${node.id}" gave no finding: ${problems}`);
  }
  mustSurvive(node.id, 'output', given);
  return hiddenFinding(finding.data as Finding, hide);
}
