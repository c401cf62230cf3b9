import type { CapturedContext, ReadContext, StepNode } from '../runbook/index.ts';
import { act } from './act.ts';
import { askConsent } from './consent.ts';
import { capturedContext, contextOf, recordedCapture, stepContext } from './context.ts';
import { doneOf, probed, settleDoubt, unknownWhy } from './doubt.ts';
import { endOf } from './end.ts';
import { refreshProofs } from './freshness.ts';
import { recordIntent } from './intent.ts';
import { mustSurvive, parseOutput } from './output.ts';
import { record, stepOf, throwIfInterrupted, type Session } from './session.ts';
import type { StepResult } from './step-result.ts';
import { verifyStep } from './verify.ts';

/** Brings one step to its checkpoint: probe and capture, intent, act, verification, checkpoint. */
export async function attemptStep(session: Session, node: StepNode): Promise<StepResult> {
  try {
    const context = stepContext(node, session.state, session.folder);
    const { intent } = stepOf(session, node);
    // Once it has begun there is something to settle, whatever `when` says by now.
    if (intent === undefined && node.when?.(context) === false) {
      await record(session, { type: 'step.skipped', step: node.id, why: 'when' });
      return { kind: 'done' };
    }
    const read = contextOf(session, node);
    if (intent !== undefined) {
      const settled = await settleDoubt(session, node, read);
      if (settled.as === 'done') return { kind: 'done' };
      if (settled.as === 'open') return inDoubt(session, node, settled.why);
    }
    return await fromIntent(session, node, read);
  } catch (thrown) {
    return endOf(session, node, thrown);
  }
}

async function fromIntent(session: Session, node: StepNode, read: ReadContext): Promise<StepResult> {
  const step = stepOf(session, node);
  await session.ports.crashPoint('before-intent', node.id);
  // The first capture wins: a later attempt would capture what the earlier one has changed.
  const captured = step.intent === undefined ? await node.body.capture?.(read) : recordedCapture(step);
  mustSurvive(node.id, 'captured value', captured);
  const context = capturedContext(read, captured);
  const before = step.intent === undefined ? await lookFirst(session, node, context) : 'again';
  if (typeof before === 'object') return before;
  const stands =
    (await refreshProofs(session, node)) ??
    (await askConsent(session, node)) ??
    // Whoever was asked may have taken their time.
    (await refreshProofs(session, node));
  if (stands !== undefined) return stands;
  throwIfInterrupted(session.signal);
  const clocks = session.ports.host.clock.now();
  const commands = await recordIntent(session, node, context, before);
  await session.ports.crashPoint('after-intent', node.id);
  const returned = await act(session, node, context, commands);
  const output = parseOutput(node, returned);
  const verified = await verifyStep(session, node, context, output);
  throwIfInterrupted(session.signal);
  await session.ports.crashPoint('before-checkpoint', node.id);
  await record(session, {
    type: 'step.completed',
    step: node.id,
    attempt: step.attempts,
    by: 'act',
    ...(output === undefined ? {} : { output }),
    // A step that only reads is a proof itself, as old as its first question.
    ...(node.reversal === 'readonly' && !verified.verified ? { verified: true, clocks } : verified),
  });
  await session.ports.crashPoint('after-checkpoint', node.id);
  return { kind: 'done' };
}

/** What the probe says before the first attempt; a result when there is nothing to do, or nothing may be done. */
async function lookFirst(
  session: Session,
  node: StepNode,
  context: CapturedContext,
): Promise<string | StepResult> {
  const { probe } = node.body;
  if (probe === undefined) return 'none';
  const answer = await probed(() => probe(context));
  throwIfInterrupted(session.signal);
  const done = doneOf(answer);
  if (done !== undefined) {
    const output = parseOutput(node, done.output);
    await verifyStep(session, node, context, output);
    await record(session, {
      type: 'step.skipped',
      step: node.id,
      why: 'already-done',
      ...(output === undefined ? {} : { output }),
    });
    return { kind: 'done' };
  }
  if (answer === 'not-started') return answer;
  if (answer === 'partial' && node.body.idempotent === true) return answer;
  const why =
    answer === 'partial'
      ? 'something of it is already there, and this run did not make it'
      : unknownWhy(answer);
  return {
    kind: 'waiting',
    why: `step "${node.id}" was not begun: ${why}`,
    hint: `Look at it, put it right by hand, and run migrate resume ${session.state.run} again.`,
  };
}

function inDoubt(session: Session, node: StepNode, why: string): StepResult {
  const settle = `migrate settle ${session.state.run} ${node.id}`;
  const { status, error } = stepOf(session, node);
  const how =
    status === 'failed'
      ? `it failed half-way (${error?.message})`
      : status === 'interrupted'
        ? 'it was interrupted'
        : 'it was begun and did not end';
  return {
    kind: 'waiting',
    why: `step "${node.id}" is in doubt: ${how}, and ${why}`,
    hint: [
      `Look at the machine. When its work is done: ${settle} --done --why '…'`,
      `When nothing of it happened: ${settle} --not-started --why '…'`,
    ].join('\n'),
  };
}
