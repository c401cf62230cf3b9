import { stepState, type RunState } from '../../journal/state.ts';
import type { WayBackDocument } from '../../render/documents/way-back.ts';

/**
 * Until when, and to where, a run can be rolled back.
 *
 * @param opensAt when the soaks under way open at the earliest, by step
 */
export function wayBackOf(
  state: RunState,
  opensAt: ReadonlyMap<string, string> = new Map(),
): WayBackDocument {
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
  const after = over || ahead === undefined ? [] : closedGatesBefore(state, ahead.id);
  return {
    open: !over && past === undefined && begun.length > 0,
    until: ahead?.id ?? null,
    after,
    notBefore:
      after
        .flatMap((gate) => opensAt.get(gate) ?? [])
        .toSorted()
        .at(-1) ?? null,
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

/** Gates that a step needs, however far back, and soaks before it: nobody may consent while one is closed. */
function closedGatesBefore(state: RunState, id: string): string[] {
  const nodes = state.nodes.slice(
    0,
    state.nodes.findIndex((node) => node.id === id),
  );
  const needed = new Set<string>();
  const add = (step: string) => {
    for (const need of state.nodes.find((node) => node.id === step)?.needs ?? []) {
      if (needed.has(need)) continue;
      needed.add(need);
      add(need);
    }
  };
  add(id);
  return nodes
    .filter(({ kind }) => kind !== 'step' && kind !== 'check')
    .filter((node) => node.kind === 'soak' || needed.has(node.id))
    .filter((node) => !['done', 'skipped'].includes(stepState(state, node.id).status))
    .map((node) => node.id);
}
