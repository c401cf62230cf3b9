import { stepState, type RunState } from '../journal/state.ts';
import type { Node } from '../runbook/index.ts';

/** What stands in the way of the steps that are left. */
export interface Frontier {
  /** May begin now, in page order. */
  readonly ready: readonly Node[];
  /** Cannot be reached any more, since something that they need failed and the run goes on without it. */
  readonly unreachable: readonly Node[];
  /** Nothing is left to do but what is unreachable or skipped. */
  readonly finished: boolean;
}

/**
 * Which steps may begin, by the graph and what is recorded.
 *
 * @param skip steps that this process is at, or has given up on
 */
export function frontier(nodes: readonly Node[], state: RunState, skip: ReadonlySet<string>): Frontier {
  const ready: Node[] = [];
  const unreachable: Node[] = [];
  let open = 0;
  for (const node of nodes) {
    const step = stepState(state, node.id);
    if (isSettled(node, state)) continue;
    if (failedAndPassedOver(node, state)) continue;
    if (node.needs.some((need) => isLost(need, nodes, state))) {
      if (step.status !== 'skipped') unreachable.push(node);
      continue;
    }
    open += 1;
    if (!skip.has(node.id) && node.needs.every((need) => isSettledById(need, nodes, state))) ready.push(node);
  }
  return { ready, unreachable, finished: open === 0 };
}

/** Done, or rightly skipped. */
function isSettled(node: Node, state: RunState): boolean {
  const step = stepState(state, node.id);
  return step.status === 'done' || (step.status === 'skipped' && step.skipped !== 'failed-need');
}

function isSettledById(id: string, nodes: readonly Node[], state: RunState): boolean {
  const node = nodes.find((candidate) => candidate.id === id);
  return node !== undefined && isSettled(node, state);
}

function failedAndPassedOver(node: Node, state: RunState): boolean {
  return node.onFailure === 'continue' && stepState(state, node.id).status === 'failed';
}

/** Failed and passed over, or waiting on such a one. */
function isLost(id: string, nodes: readonly Node[], state: RunState): boolean {
  const node = nodes.find((candidate) => candidate.id === id);
  if (node === undefined) return false;
  return failedAndPassedOver(node, state) || node.needs.some((need) => isLost(need, nodes, state));
}

/**
 * Chooses what to begin beside what runs: steps before gates, a reboot only when nothing else is left,
 * and never two that hold the same lock.
 */
export function choose(ready: readonly Node[], running: readonly Node[], jobs: number): Node[] {
  const chosen: Node[] = [];
  const held = new Set(running.flatMap((node) => node.locks));
  const steps = ready.filter((node) => node.kind === 'step' || node.kind === 'check');
  for (const node of steps) {
    if (running.length + chosen.length >= jobs) break;
    if (node.locks.some((lock) => held.has(lock))) continue;
    for (const lock of node.locks) held.add(lock);
    chosen.push(node);
  }
  if (chosen.length > 0 || running.length > 0) return chosen;
  const gate = ready.find((node) => node.kind !== 'reboot') ?? ready[0];
  return gate === undefined ? [] : [gate];
}
