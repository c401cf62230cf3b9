import { stepState, type RunState } from '../journal/state.ts';
import type { RunStatusDocument } from '../render/documents/status.ts';

/** Until when, and to where, a run can be rolled back. */
export function wayBackOf(state: RunState): RunStatusDocument['wayBack'] {
  const begun = state.nodes
    .map((node) => ({ node, step: stepState(state, node.id) }))
    .filter(({ step }) => step.startedSeq !== undefined)
    .toSorted((one, other) => (other.step.startedSeq ?? 0) - (one.step.startedSeq ?? 0));
  const past = begun.find(({ node }) => node.reversal === 'irreversible');
  const reachable = past === undefined ? begun : begun.slice(0, begun.indexOf(past) + 1);
  const ahead = state.nodes.find(
    (node) => node.reversal === 'irreversible' && stepState(state, node.id).startedSeq === undefined,
  );
  const over = state.status === 'rolled-back' || state.status === 'aborted' || state.status === 'moved';
  return {
    open: !over && past === undefined && begun.length > 0,
    until: ahead?.id ?? null,
    past: past?.node.id ?? null,
    // Going back to the very last step would undo nothing.
    to: over
      ? []
      : reachable
          .slice(1)
          .filter(({ step }) => step.status === 'done')
          .map(({ node }) => node.id),
  };
}
