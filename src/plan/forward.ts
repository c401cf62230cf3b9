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
  const settled = new Set<string>();
  const lost = new Set<string>();
  let open = 0;
  // Page order is a legal order, so one pass sees every need before what needs it.
  for (const node of nodes) {
    const step = stepState(state, node.id);
    if (step.status === 'done' || (step.status === 'skipped' && step.skipped !== 'failed-need')) {
      settled.add(node.id);
    } else if (node.onFailure === 'continue' && step.status === 'failed' && skip.has(node.id)) {
      lost.add(node.id);
    } else if (node.needs.some((need) => lost.has(need))) {
      lost.add(node.id);
      if (step.status !== 'skipped') unreachable.push(node);
    } else {
      open += 1;
      if (!skip.has(node.id) && node.needs.every((need) => settled.has(need))) ready.push(node);
    }
  }
  return { ready, unreachable, finished: open === 0 };
}

/**
 * Chooses what to begin beside what runs: steps before gates, a reboot only when nothing else is left,
 * never two that hold the same lock, and nothing beside what cannot be undone or must be confirmed.
 */
export function choose(ready: readonly Node[], running: readonly Node[], jobs: number): Node[] {
  if (running.some(mustBeAlone)) return [];
  const chosen: Node[] = [];
  const held = new Set(running.flatMap((node) => node.locks));
  const steps = ready.filter((node) => node.kind === 'step' || node.kind === 'check');
  for (const node of steps) {
    if (running.length + chosen.length >= jobs) break;
    if (node.locks.some((lock) => held.has(lock))) continue;
    if (mustBeAlone(node)) {
      if (running.length + chosen.length === 0) return [node];
      continue;
    }
    for (const lock of node.locks) held.add(lock);
    chosen.push(node);
  }
  if (chosen.length > 0 || running.length > 0) return chosen;
  const gate = ready.find((node) => node.kind !== 'reboot') ?? ready[0];
  return gate === undefined ? [] : [gate];
}

/** The evidence for what cannot be undone, or the way back of what may cut the operator off, is about nothing else. */
function mustBeAlone(node: Node): boolean {
  return node.kind === 'step' && (node.reversal === 'irreversible' || node.confirmWithin !== undefined);
}
