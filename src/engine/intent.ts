import {
  durationMs,
  formatCommand,
  type CapturedContext,
  type Command,
  type StepNode,
} from '../runbook/index.ts';
import { coverStep } from './break-glass.ts';
import { checkedCommands } from './commands.ts';
import { recordUndo } from './recorded-undo.ts';
import { record, stepOf, type Session } from './session.ts';

/**
 * Makes durable what is about to be done and how it is undone; gives the commands as they were recorded,
 * which are those that run, however often the step's function would be asked.
 *
 * @param probe what the probe said before
 */
export async function recordIntent(
  session: Session,
  node: StepNode,
  context: CapturedContext,
  probe: string,
): Promise<readonly Command[]> {
  const { host } = session.ports;
  const step = stepOf(session, node);
  const commands =
    node.body.commands === undefined ? undefined : checkedCommands(node.id, node.body.commands(context));
  const described = descriptionOf(node, context);
  const undo = step.intent?.undo ?? recordUndo(node, context);
  await coverStep(session, node, undo);
  await record(session, {
    type: 'step.started',
    step: node.id,
    attempt: step.attempts + 1,
    probe,
    ...(context.captured === undefined ? {} : { captured: context.captured }),
    ...(commands === undefined ? {} : { commands: structuredClone(commands) as never }),
    ...(described === undefined ? {} : { describe: described }),
    undo,
    boot: await host.boot(),
    clocks: host.clock.now(),
    ...(node.confirmWithin === undefined ? {} : { confirmWithin: durationMs(node.confirmWithin) }),
  });
  return commands ?? [];
}

function descriptionOf({ id, body }: StepNode, context: CapturedContext): string[] | undefined {
  const described = typeof body.describe === 'function' ? body.describe(context) : body.describe;
  if (described === undefined) return undefined;
  return (typeof described === 'string' ? [described] : described).map((line) => {
    if (typeof line === 'string') return line;
    return checkedCommands(id, [line]).map(formatCommand).join();
  });
}
