import { stepState, type RunState } from '../journal/state.ts';
import type { RecordedNode } from '../journal/event.ts';

export interface Change {
  readonly kind: 'added' | 'removed' | 'changed' | 'reordered' | 'renamed';
  readonly step: string;
  /** It touches something that is begun or done; only `--accept-changes` goes on then. */
  readonly touchesDone: boolean;
  readonly says: string;
}

/** The difference in meaning between the runbook that a run began with and the one at hand. */
export function difference(state: RunState, now: readonly RecordedNode[]): Change[] {
  const before = state.nodes;
  const begun = (id: string) =>
    stepState(state, id).startedSeq !== undefined || stepState(state, id).status === 'skipped';
  const changes: Change[] = [];
  for (const [index, node] of now.entries()) {
    const old = before.find(({ id }) => id === node.id);
    if (old === undefined) {
      const neededByDone = now.some((other) => other.needs.includes(node.id) && begun(other.id));
      const place = neededByDone ? 'before something that is already done' : 'among the steps to come';
      changes.push({
        kind: 'added',
        step: node.id,
        touchesDone: neededByDone,
        says: `"${node.id}" was added, ${place}`,
      });
    } else {
      changes.push(...changesOf(old, node, begun(node.id)));
      const movedBefore = precedingCommon(before, now, old.id) !== precedingCommon(now, before, node.id);
      if (movedBefore)
        changes.push({
          kind: 'reordered',
          step: node.id,
          touchesDone: false,
          says: `"${node.id}" stands in another place (now ${index + 1})`,
        });
    }
  }
  for (const old of before) {
    if (now.some(({ id }) => id === old.id)) continue;
    const done = begun(old.id);
    const says = done
      ? `"${old.id}" was removed, and it is already done or begun`
      : `"${old.id}" was removed before it began`;
    changes.push({ kind: 'removed', step: old.id, touchesDone: done, says });
  }
  return changes;
}

function changesOf(old: RecordedNode, node: RecordedNode, begun: boolean): Change[] {
  const changes: Change[] = [];
  const when = begun ? 'and it is already done or begun' : 'and it has not begun';
  if (old.fingerprint !== node.fingerprint || old.kind !== node.kind) {
    changes.push({
      kind: 'changed',
      step: node.id,
      touchesDone: begun,
      says: `"${node.id}" does something else now, ${when}`,
    });
  }
  if (old.needs.join() !== node.needs.join()) {
    changes.push({
      kind: 'changed',
      step: node.id,
      touchesDone: begun,
      says: `"${node.id}" needs ${list(node.needs)} instead of ${list(old.needs)}, ${when}`,
    });
  }
  if (old.title !== node.title) {
    changes.push({
      kind: 'renamed',
      step: node.id,
      touchesDone: false,
      says: `"${node.id}" has another title`,
    });
  }
  return changes;
}

/** The nearest earlier step that both graphs know. */
function precedingCommon(
  nodes: readonly RecordedNode[],
  others: readonly RecordedNode[],
  id: string,
): string | undefined {
  const index = nodes.findIndex((node) => node.id === id);
  return nodes.slice(0, index).findLast((node) => others.some((other) => other.id === node.id))?.id;
}

function list(ids: readonly string[]): string {
  return ids.length === 0 ? 'nothing' : ids.map((id) => `"${id}"`).join(', ');
}
