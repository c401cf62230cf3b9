import { MigrateError } from '../errors.ts';
import type { Failure } from '../journal/event.ts';
import {
  formatCommand,
  type CapturedContext,
  type Node,
  type ReadContext,
  type StepNode,
} from '../runbook/index.ts';
import { act } from './act.ts';
import { capturedContext, readContext, stepContext } from './context.ts';
import { doneOf, probed, settleDoubt, unknownWhy } from './doubt.ts';
import { failureOf } from './failure.ts';
import { mustSurvive, parseOutput } from './output.ts';
import { recordUndo } from './recorded-undo.ts';
import { Interrupted, record, stepOf, throwIfInterrupted, type Session } from './session.ts';
import { verifyStep } from './verify.ts';

/** How one step ended in this process. */
export type StepResult =
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly failure: Failure }
  | { readonly kind: 'interrupted'; readonly by: string }
  | { readonly kind: 'waiting'; readonly why: string; readonly hint: string };

/** Brings one step to its checkpoint: probe and capture, intent, act, verification, checkpoint. */
export async function attemptStep(session: Session, node: StepNode): Promise<StepResult> {
  const context = stepContext(node, session.state, session.folder);
  try {
    if (node.when?.(context) === false) {
      await record(session, { type: 'step.skipped', step: node.id, why: 'when' });
      return { kind: 'done' };
    }
    const read = readContext(node, context, session.ports.host);
    const step = stepOf(session, node);
    if (step.intent !== undefined) {
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
  const captured = step.intent === undefined ? await node.body.capture?.(read) : step.intent.captured;
  mustSurvive(node.id, 'captured value', captured);
  const context = capturedContext(read, captured);
  const before = step.intent === undefined ? await lookFirst(session, node, context) : 'again';
  if (typeof before === 'object') return before;
  if (node.reversal === 'irreversible' && !step.accepted) {
    const consent = await askConsent(session, node);
    if (consent !== undefined) return consent;
  }
  await recordIntent(session, node, context, before);
  await session.ports.crashPoint('after-intent', node.id);
  const attempt = step.attempts;
  const returned = await act(session, node, context, attempt);
  const output = parseOutput(node, returned);
  const verified = await verifyStep(session, node, context, output);
  throwIfInterrupted(session.signal);
  await session.ports.crashPoint('before-checkpoint', node.id);
  await record(session, {
    type: 'step.completed',
    step: node.id,
    attempt,
    by: 'act',
    ...(output === undefined ? {} : { output }),
    ...verified,
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
    hint: 'Look at it, put it right by hand, and run migrate resume again.',
  };
}

async function askConsent(session: Session, node: StepNode): Promise<StepResult | undefined> {
  const answer = await session.ports.operator.acceptIrreversible(node.id, node.irreversible ?? '');
  if (answer === 'phrase' || (answer === 'flag' && gatesOpenedEarlier(session, node))) {
    await record(session, { type: 'irreversible.accepted', step: node.id, by: answer });
    return undefined;
  }
  return {
    kind: 'waiting',
    why: `step "${node.id}" cannot be undone: ${node.irreversible ?? ''}`,
    hint: `When you are sure: migrate resume ${session.state.run} --accept-irreversible ${node.id}`,
  };
}

/** Consent by flag counts only when every soak was open before this process began: nobody agrees in advance. */
function gatesOpenedEarlier(session: Session, node: Node): boolean {
  const nodes = session.runbook?.nodes ?? [];
  const index = nodes.findIndex(({ id }) => id === node.id);
  return nodes.slice(0, index).every((earlier) => {
    if (earlier.kind !== 'soak') return true;
    const { gate, status } = stepOf(session, earlier);
    return status === 'skipped' || (gate?.openedSeq !== undefined && gate.openedSeq <= session.beganAfter);
  });
}

async function recordIntent(
  session: Session,
  node: StepNode,
  context: CapturedContext,
  probe: string,
): Promise<void> {
  const { body } = node;
  const step = stepOf(session, node);
  const described = typeof body.describe === 'function' ? body.describe(context) : body.describe;
  const lines = described === undefined ? undefined : typeof described === 'string' ? [described] : described;
  await record(session, {
    type: 'step.started',
    step: node.id,
    attempt: step.attempts + 1,
    probe,
    ...(context.captured === undefined ? {} : { captured: context.captured }),
    ...(body.commands === undefined
      ? {}
      : { commands: body.commands(context).map((command) => structuredClone(command) as never) }),
    ...(lines === undefined
      ? {}
      : { describe: lines.map((line) => (typeof line === 'string' ? line : formatCommand(line))) }),
    undo: step.intent?.undo ?? recordUndo(node, context),
    boot: await session.ports.host.boot(),
    clocks: session.ports.host.clock.now(),
  });
}

function inDoubt(session: Session, node: StepNode, why: string): StepResult {
  const settle = `migrate settle ${session.state.run} ${node.id}`;
  return {
    kind: 'waiting',
    why: `step "${node.id}" is in doubt: it was begun and did not end, and ${why}`,
    hint: `Look at the machine, then say which it is: ${settle} --done | --not-started --why '…'`,
  };
}

/** Records how an attempt ended that threw. */
async function endOf(session: Session, node: Node, thrown: unknown): Promise<StepResult> {
  const { status, attempts: attempt } = stepOf(session, node);
  // A journal that cannot be written ends everything: no further word of this run can be trusted.
  if (thrown instanceof MigrateError && thrown.code.startsWith('journal.')) throw thrown;
  if (thrown instanceof Interrupted || session.signal.aborted) {
    const { by } = thrown instanceof Interrupted ? thrown : new Interrupted(session.signal);
    if (status === 'started') await record(session, { type: 'step.interrupted', step: node.id, attempt, by });
    return { kind: 'interrupted', by };
  }
  const failure = failureOf(thrown);
  // A failure before the intent leaves no start behind, so there is nothing to undo and nothing in doubt.
  await record(session, {
    type: 'step.failed',
    step: node.id,
    attempt: status === 'started' ? attempt : attempt + 1,
    error: failure,
  });
  return { kind: 'failed', failure };
}

/** Runs a validation; its finding is its output. */
export async function attemptCheck(
  session: Session,
  node: Extract<Node, { kind: 'check' }>,
): Promise<StepResult> {
  const context = stepContext(node, session.state, session.folder);
  try {
    if (node.when?.(context) === false) {
      await record(session, { type: 'step.skipped', step: node.id, why: 'when' });
      return { kind: 'done' };
    }
    const read = readContext(node, context, session.ports.host);
    const attempt = stepOf(session, node).attempts + 1;
    const boot = await session.ports.host.boot();
    const clocks = session.ports.host.clock.now();
    await record(session, {
      type: 'step.started',
      step: node.id,
      attempt,
      describe: [node.expect],
      undo: { kind: 'nothing' },
      boot,
      clocks,
    });
    const finding = await node.run(read);
    mustSurvive(node.id, 'output', finding);
    if (finding.verdict === 'FAIL')
      throw new MigrateError('check.failed', `expected ${node.expect}; observed ${finding.observed}`, {
        exitCode: 1,
      });
    await record(session, {
      type: 'step.completed',
      step: node.id,
      attempt,
      by: 'act',
      output: finding,
      verified: true,
      clocks,
    });
    return { kind: 'done' };
  } catch (thrown) {
    return endOf(session, node, thrown);
  }
}
