import { z } from 'zod';
import { UsageError } from '../../errors.ts';
import { issueText, type ConfirmNode, type ManualNode } from '../../runbook/index.ts';
import { contextOf, stepContext } from '../context.ts';
import { mustSurvive } from '../output.ts';
import { isJournalFailure, stepOf, throwIfInterrupted, type Session } from '../session.ts';
import type { StepResult } from '../step-result.ts';
import { enterGate, gateText } from './enter.ts';
import { openGate } from './open.ts';

/** A gate that a person opens: asks whoever is there, else waits. */
export async function passPersonGate(session: Session, node: ConfirmNode | ManualNode): Promise<StepResult> {
  const context = stepContext(node, session.state, session.folder);
  const says = gateText(node.kind === 'confirm' ? node.ask : node.instructions, context);
  await enterGate(session, node, says);
  const found = node.kind === 'manual' && node.input === undefined ? await look(session, node) : false;
  if (found === true) return open(session, node, 'probe', undefined);
  const asks = found === false ? says : `${says} (${found})`;
  const answer = await session.ports.operator.confirm(node.id, asks, node.kind);
  const agreed = answer === 'yes' || (answer === 'flag' && node.kind === 'confirm');
  if (!agreed) return waitForPerson(session, node, asks);
  const given =
    node.input === undefined
      ? undefined
      : await session.ports.operator.gateInput(node.id, Object.keys(node.input.shape));
  if (node.input !== undefined && given === undefined) return waitForPerson(session, node, asks);
  const input = parseGateInput(node, given ?? {});
  return open(session, node, answer === 'flag' ? 'yes' : 'person', input);
}

/** Whether the machine can tell that a person's work is done, or what is missing; a probe that fails cannot. */
async function look(session: Session, node: ManualNode): Promise<boolean | string> {
  try {
    const found = await node.probe?.(contextOf(session, node));
    return typeof found === 'string' && found !== '' ? found : found === true;
  } catch (thrown) {
    if (isJournalFailure(thrown)) throw thrown;
    throwIfInterrupted(session.signal);
    return false;
  }
}

async function open(
  session: Session,
  node: ConfirmNode | ManualNode,
  by: 'person' | 'yes' | 'probe',
  input: unknown,
): Promise<StepResult> {
  const { host } = session.ports;
  await openGate(session, node, { by, boot: await host.boot(), ...(input === undefined ? {} : { input }) });
  return { kind: 'done' };
}

/**
 * Opens a gate by a person's word given on the command line.
 * @throws UsageError `gate.not-waiting` when the run does not wait there, `gate.input` for wrong input
 */
export async function openGateByHand(
  session: Session,
  node: ConfirmNode | ManualNode,
  given: Readonly<Record<string, unknown>> | undefined,
): Promise<void> {
  const { status } = stepOf(session, node);
  if (session.state.status !== 'running' || status !== 'waiting') {
    throw new UsageError(
      'gate.not-waiting',
      `the run does not wait at "${node.id}": it is ${status}, and the run is ${session.state.status}`,
      `See where it stands: migrate status ${session.state.run}`,
    );
  }
  await open(session, node, 'person', parseGateInput(node, given ?? {}));
}

/** @throws UsageError `gate.input` naming each field that is missing or wrong */
function parseGateInput(node: ConfirmNode | ManualNode, given: unknown): unknown {
  const parsed = (node.input ?? z.object({})).strict().safeParse(given);
  if (parsed.success) {
    mustSurvive(node.id, 'output', parsed.data);
    return node.input === undefined ? undefined : parsed.data;
  }
  const fields = Object.keys(node.input?.shape ?? {});
  throw new UsageError(
    'gate.input',
    `gate "${node.id}": ${parsed.error.issues.map((issue) => issueText(issue, fields)).join('; ')}`,
    fields.length === 0
      ? 'It takes no input.'
      : `Give each with --set: ${fields.map((field) => `--set ${field}=…`).join(' ')}`,
  );
}

function waitForPerson(session: Session, node: ConfirmNode | ManualNode, says: string): StepResult {
  const sets = Object.keys(node.input?.shape ?? {}).map((field) => ` --set ${field}=…`);
  return {
    kind: 'waiting',
    why: `"${node.id}" waits for you: ${says}`,
    hint: `Then: migrate confirm ${session.state.run} ${node.id}${sets.join('')}, and migrate resume ${session.state.run}`,
  };
}
