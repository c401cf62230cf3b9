import { stepState, type RunState } from '../journal/state.ts';
import type { Node } from '../runbook/index.ts';

/**
 * The checks that said FAIL in a run of which nothing is left to do: those that the run went on without.
 * `undefined` while something is left, such as a step that failed, or one that acts and was passed over.
 *
 * @param nodes all of the runbook
 */
export function endedWith(nodes: readonly Node[], state: RunState): readonly string[] | undefined {
  return nodes.every((node) => isOver(node, state))
    ? nodes.filter(({ id }) => stepState(state, id).status === 'failed').map(({ id }) => id)
    : undefined;
}

function isOver(node: Node, state: RunState): boolean {
  const { status, skipped, finding } = stepState(state, node.id);
  switch (status) {
    case 'done':
      return true;
    case 'skipped':
      return skipped !== 'failed-need' || onlyAsks(node);
    case 'failed':
      // One that threw has not answered, and one that stops the run is asked again by whoever goes on.
      return node.kind === 'check' && node.onFailure === 'continue' && finding?.verdict === 'FAIL';
    default:
      return false;
  }
}

/** Passed over, it leaves a question open, and nothing undone on the machine. */
function onlyAsks(node: Node): boolean {
  return node.kind === 'check' || (node.kind === 'step' && node.reversal === 'readonly');
}

/** How such a run ended, in a line: what failed is told before what is known, and what was never asked last. */
export function endedText(state: RunState): string {
  const failed = state.nodes.filter(({ id }) => stepState(state, id).status === 'failed');
  const isKnown = ({ id }: { readonly id: string }) => stepState(state, id).knownLimitation !== undefined;
  const news = failed.filter((node) => !isKnown(node)).map(({ id }) => id);
  const known = failed.filter(isKnown).map(({ id }) => `${id} (known limitation)`);
  const passedOver = state.nodes.filter(({ id }) => stepState(state, id).skipped === 'failed-need');
  return [
    `every step is done, and FAIL is the verdict of ${[...news, ...known].join(', ')}`,
    ...(news.length === 0 ? ['nothing new failed'] : []),
    ...(passedOver.length === 0
      ? []
      : [`not asked, since they need what failed: ${passedOver.map(({ id }) => id).join(', ')}`]),
  ].join('; ');
}
