import type { RecordedUndo } from '../../journal/event.ts';
import { stepState, type RunState } from '../../journal/state.ts';
import type { BootIdentity } from '../../runbook/index.ts';
import { begunSteps } from '../rollback.ts';
import type { BreakGlassStep } from './step-blocks.ts';

/**
 * The steps that a script must cover, in the order in which they are undone.
 *
 * @param coming undos of steps that are about to begin; the latest of all, whatever the journal knows yet
 * @param now the boot that the machine is in, which is that of what is coming
 */
export function coveredSteps(
  state: RunState,
  coming: ReadonlyMap<string, RecordedUndo>,
  now: BootIdentity,
): readonly BreakGlassStep[] {
  const nodes = new Map([...state.removed, ...state.nodes].map((node) => [node.id, node]));
  const begun = begunSteps(state).flatMap(({ id, node, step }) =>
    step.intent === undefined
      ? []
      : [
          {
            id,
            title: node.title,
            effective: node.effective,
            boot: step.startedBoot ?? now,
            undo: step.intent.undo,
          },
        ],
  );
  const next = [...coming].flatMap(([id, undo]) => {
    const node = nodes.get(id);
    if (node === undefined || stepState(state, id).intent !== undefined) return [];
    return [{ id, title: node.title, effective: node.effective, boot: now, undo }];
  });
  return [...next.toReversed(), ...begun];
}
