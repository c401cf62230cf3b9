import { stepState, type RunState, type StepState } from '../journal/state.ts';
import type { RecordedNode } from '../journal/event.ts';
import type { VerdictRow } from './documents/verdicts.ts';
import { findingOf } from './finding.ts';

/** What the checks of a run have said so far, in page order. */
export function verdictsOf(state: RunState): VerdictRow[] {
  return state.nodes
    .filter(({ kind }) => kind === 'check')
    .map((node) => rowOf(node, stepState(state, node.id)));
}

function rowOf(node: RecordedNode, step: StepState): VerdictRow {
  const { knownLimitation } = step;
  return {
    id: node.id,
    title: node.title,
    ...(node.phase === undefined ? {} : { phase: node.phase }),
    ...saidBy(step),
    ...(knownLimitation === undefined ? {} : { knownLimitation }),
  };
}

function saidBy(step: StepState): Pick<VerdictRow, 'verdict' | 'observed' | 'unblock'> {
  if (step.status === 'done') return findingOf(step.output) ?? { verdict: null, observed: null };
  // A check that threw has found nothing, and is a FAIL all the same.
  if (step.status === 'failed')
    return findingOf(step.finding) ?? { verdict: 'FAIL', observed: step.error?.message ?? '' };
  const why = step.status === 'skipped' ? skipped[step.skipped ?? 'when'] : null;
  return { verdict: null, observed: why };
}

const skipped = {
  when: 'not needed here',
  'already-done': 'was so already',
  'failed-need': 'a step that it needs failed',
} as const;
