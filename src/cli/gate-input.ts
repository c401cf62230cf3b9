import { UsageError } from '../errors.ts';
import type { ConfirmNode, ManualNode, Runbook } from '../runbook/index.ts';
import { didYouMean } from '../runbook/suggestion.ts';
import { assemble, type Tree } from './parameters/assemble.ts';
import { readAssignment } from './parameters/assignment.ts';
import { valueSchemaOf } from './parameters/schema.ts';

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
  const opens = { reboot: 'a reboot opens it', soak: 'observed healthy time opens it' };
  const why =
    node.kind === 'reboot' || node.kind === 'soak' ? opens[node.kind] : `it is a ${node.kind}, and no gate`;
  throw new UsageError('gate.not-yours', `"${id}" is not yours to open: ${why}`, list);
}

/**
 * What the operator answered, read as the gate's schema wants it, not yet validated.
 * @throws UsageError `gate.input`
 */
export function gateInput(node: ConfirmNode | ManualNode, set: readonly string[]): Tree | undefined {
  const problems: string[] = [];
  if (node.input === undefined && set.length === 0) return undefined;
  if (node.input === undefined) problems.push('it asks for nothing, so leave out --set');
  const schema = node.input === undefined ? {} : valueSchemaOf(node.input);
  const given = assemble({}, set.map(readAssignment), schema, problems);
  if (problems.length === 0) return given;
  throw new UsageError('gate.input', `gate "${node.id}": ${problems.join('; ')}`);
}
