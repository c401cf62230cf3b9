import { stepState } from '../journal/state.ts';
import { formatCommand } from '../runbook/index.ts';
import { capturedContext, readContext, recordedCapture, stepContext } from './context.ts';
import type { Surroundings } from './way-back.ts';

/**
 * What done steps have saved from which a person can go back when no undo can: commands and words,
 * latest first. Empty where the runbook is gone or names nothing.
 */
export function lastResorts({ state, runbook, folder, host, signal }: Surroundings): readonly string[] {
  const found: { step: string; line: string }[] = [];
  for (const node of runbook?.nodes ?? []) {
    if (node.kind !== 'step' || node.body.lastResort === undefined) continue;
    const step = stepState(state, node.id);
    if (step.status !== 'done' || step.intent === undefined) continue;
    try {
      const read = readContext(node, stepContext(node, state, folder), host, signal);
      const context = {
        ...capturedContext(read, recordedCapture(step)),
        output: structuredClone(step.output),
      };
      const says = node.body.lastResort(context);
      const lines = says.map((line) => (typeof line === 'string' ? line : formatCommand(line)));
      // Several passes of one copy say the same.
      const fresh = lines.filter((line) => found.every((other) => other.line !== line));
      found.unshift(...fresh.map((line) => ({ step: node.id, line })));
    } catch {
      // It was edited and does not know what it did; the others may.
    }
  }
  return found.map(({ step, line }) => `${step}: ${line}`);
}
