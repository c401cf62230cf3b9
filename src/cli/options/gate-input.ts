import { UsageError } from '../../errors.ts';
import type { ConfirmNode, ManualNode, Runbook } from '../../runbook/index.ts';
import { didYouMean } from '../../runbook/suggestion.ts';
import { assemble, type Tree } from '../parameters/assemble.ts';
import { readAssignment } from '../parameters/assignment.ts';
import { problemText } from '../parameters/problem.ts';
import { valueSchemaOf } from '../parameters/schema.ts';

/**
 * The gate of a runbook that a person opens.
 * @throws UsageError `gate.unknown`, or `gate.not-yours` for one that the world opens
 */
export function mustBePersonGate(runbook: Runbook, id: string, run: string): ConfirmNode | ManualNode {
  const gates = runbook.nodes.filter(
    (node): node is ConfirmNode | ManualNode => node.kind === 'confirm' || node.kind === 'manual',
  );
  const gate = gates.find((node) => node.id === id);
  if (gate !== undefined) return gate;
  const node = runbook.nodes.find((each) => each.id === id);
  const known = gates.map((each) => each.id);
  const list = known.length === 0 ? 'It has none.' : `Its gates for you: ${known.join(', ')}`;
  if (node === undefined) {
    throw new UsageError('gate.unknown', `${run} has no gate "${id}".${didYouMean(id, known)}`, list);
  }
  if (node.kind === 'step' && node.confirmWithin !== undefined) {
    throw new UsageError(
      'confirm.not-armed',
      `"${id}" has not begun, so there is nothing to confirm`,
      `See where it stands: migrate status ${run}`,
    );
  }
  const opens = { reboot: 'a reboot opens it', soak: 'observed healthy time opens it' };
  const why =
    node.kind === 'reboot' || node.kind === 'soak' ? opens[node.kind] : `it is a ${node.kind}, and no gate`;
  throw new UsageError('gate.not-yours', `"${id}" is not yours to open: ${why}`, list);
}

/**
 * What the operator answered, read as the gate's schema wants it and checked, but not yet as the schema gives it.
 * @throws UsageError `gate.input` that names every field, its value and what is allowed
 */
export function gateInput(node: ConfirmNode | ManualNode, set: readonly string[]): Tree | undefined {
  const { id, input } = node;
  if (input === undefined) {
    if (set.length === 0) return undefined;
    throw new UsageError('gate.input', `the gate ${id} asks for nothing`, 'Leave out --set.');
  }
  const problems: string[] = [];
  const schema = valueSchemaOf(input);
  const given = assemble({}, set.map(readAssignment), schema, problems);
  const parsed = problems.length > 0 ? undefined : input.safeParse(given);
  problems.push(...(parsed?.error?.issues ?? []).map((issue) => problemText(issue, given, schema)));
  if (problems.length === 0) return given;
  throw new UsageError(
    'gate.input',
    `what is given for the gate ${id} does not fit:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`,
    `Give each with --set: ${Object.keys(input.shape)
      .map((field) => `--set ${field}=…`)
      .join(' ')}`,
  );
}
