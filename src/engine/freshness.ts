import type { EventOf } from '../journal/event.ts';
import { durationMs, type CapturedContext, type Node, type StepNode } from '../runbook/index.ts';
import { act } from './act.ts';
import { ask, found, recordOf } from './check.ts';
import { checkedCommands } from './commands.ts';
import { capturedContext, contextOf, recordedCapture, stepContext } from './context.ts';
import { failureOf } from './failure.ts';
import { isJournalFailure, nodeOf, record, stepOf, throwIfInterrupted, type Session } from './session.ts';
import { parseOutput } from './output.ts';
import type { StepResult } from './step-result.ts';
import { verifyStep } from './verify.ts';

/** Before anything irreversible, the proofs that the soaks keep fresh must still be fresh. */
export async function refreshProofs(session: Session, node: StepNode): Promise<StepResult | undefined> {
  if (node.reversal !== 'irreversible') return undefined;
  for (const soak of session.runbook?.nodes ?? []) {
    const { gate } = stepOf(session, soak);
    if (soak.kind !== 'soak' || gate?.max === undefined) continue;
    const stale = await refresh(session, soak.fresh, durationMs(gate.max));
    if (stale !== undefined) return stale;
  }
  return undefined;
}

/**
 * Verifies again the named steps whose proof is older than `maxAge` milliseconds, or whose age cannot
 * be told since the clocks restarted. Gives a failure when one does not hold any more.
 */
export async function refresh(
  session: Session,
  ids: readonly string[],
  maxAge: number,
): Promise<StepResult | undefined> {
  for (const id of ids) {
    const node = nodeOf(session, id);
    if (node === undefined || !stands(session, node) || !isStale(session, node, maxAge)) continue;
    // What was read first is as old as this.
    const clocks = session.ports.host.clock.now();
    let renewed: Renewed;
    try {
      renewed = await proveAgain(session, node);
    } catch (thrown) {
      if (isJournalFailure(thrown)) throw thrown;
      throwIfInterrupted(session.signal);
      const failure = failureOf(thrown);
      return {
        kind: 'failed',
        failure: { ...failure, message: `"${id}" no longer verifies: ${failure.message}` },
      };
    }
    await record(session, { type: 'step.verified', step: id, clocks, ...renewed });
  }
  return undefined;
}

type Renewed = Pick<EventOf<'step.verified'>, 'output' | 'evidence' | 'knownLimitation'>;

/** Gives the new output of a step that proves itself by running again. */
async function proveAgain(session: Session, node: Node): Promise<Renewed> {
  const { state, folder, ports, signal } = session;
  if (node.kind === 'check') {
    const answer = await ask(node, stepContext(node, state, folder), ports.host, signal);
    return { output: found(node, answer), ...recordOf(node, answer) };
  }
  if (node.kind !== 'step') return {};
  const read = contextOf(session, node);
  const step = stepOf(session, node);
  // What was found done was never begun here, so nothing is captured yet, and nothing has changed it since.
  const captured = step.intent === undefined ? await node.body.capture?.(read) : recordedCapture(step);
  const context = capturedContext(read, captured);
  if (node.body.verify === undefined) {
    const output = await runAgain(session, node, context);
    return output === undefined ? {} : { output };
  }
  await verifyStep(session, node, context, structuredClone(step.output));
  return {};
}

async function runAgain(session: Session, node: StepNode, context: CapturedContext): Promise<unknown> {
  const commands =
    node.body.commands === undefined ? [] : checkedCommands(node.id, node.body.commands(context));
  return parseOutput(node, await act(session, node, context, commands));
}

function stands(session: Session, node: Node): boolean {
  const { status, skipped } = stepOf(session, node);
  return status === 'done' || (status === 'skipped' && skipped === 'already-done');
}

function isStale(session: Session, node: Node, maxAge: number): boolean {
  const { verifiedAt } = stepOf(session, node);
  if (verifiedAt === undefined) return true;
  const now = session.ports.host.clock.now();
  const byWall = now.wall - verifiedAt.wall;
  // The wall clock may have been set back. The time since boot cannot be, but begins anew with each boot.
  const byBoot = now.boottime - verifiedAt.boottime;
  return byWall < 0 || Math.max(byWall, byBoot) > maxAge;
}
