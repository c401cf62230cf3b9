import { stepState, type RunState } from '../journal/state.ts';
import type { RecordedNode } from '../journal/event.ts';
import { longestIncreasing } from './longest-increasing.ts';
import { changedParts } from './part-words.ts';

export interface Change {
  readonly kind: 'added' | 'removed' | 'changed' | 'reordered' | 'renamed' | 'retitled';
  readonly step: string;
  /** It touches something that is begun or done; only `--accept-changes` goes on then. */
  readonly touchesDone: boolean;
  readonly says: string;
}

/** The difference in meaning between the runbook that a run began with and the one at hand. */
export function difference(state: RunState, now: readonly RecordedNode[]): Change[] {
  const before = new Map(state.nodes.map((node) => [node.id, node]));
  const takenOut = new Map(state.removed.map((node) => [node.id, node]));
  const after = new Map(now.map((node) => [node.id, node]));
  const neededByBegun = neededBy(now, ({ id }) => isBegun(state, id));
  const added = now.filter(({ id }) => !before.has(id));
  const removed = state.nodes.filter(({ id }) => !after.has(id));
  const renamed = renamings(removed, added);
  const moved = movedSteps(state.nodes, now);
  const oldNames = new Set([...renamed.values()].map(({ id }) => id));
  return [
    ...now.flatMap((node) => {
      const old = before.get(node.id);
      const oldName = renamed.get(node.id);
      if (oldName !== undefined) return [renaming(state, oldName, node)];
      const earlier = takenOut.get(node.id);
      if (earlier !== undefined) return [returning(node), ...changesOf(state, earlier, node, true)];
      if (old === undefined) return [addition(node, neededByBegun.has(node.id))];
      return [
        ...changesOf(state, old, node, isBegun(state, node.id)),
        ...(moved.has(node.id) ? [reordering(now, node)] : []),
      ];
    }),
    ...removed.filter(({ id }) => !oldNames.has(id)).map((old) => removal(old, isBegun(state, old.id))),
  ];
}

function isBegun(state: RunState, id: string): boolean {
  const { startedSeq, status, skipped } = stepState(state, id);
  return startedSeq !== undefined || (status === 'skipped' && skipped !== 'failed-need');
}

const standing = (begun: boolean) => (begun ? 'and it is already done or begun' : 'and it has not begun');

function addition(node: RecordedNode, touchesDone: boolean): Change {
  const place = touchesDone ? 'before something that is already done' : 'among the steps to come';
  return { kind: 'added', step: node.id, touchesDone, says: `"${node.id}" was added, ${place}` };
}

function returning(node: RecordedNode): Change {
  const says = `"${node.id}" is back in the runbook, and it is already done or begun`;
  return { kind: 'added', step: node.id, touchesDone: false, says };
}

function removal(old: RecordedNode, begun: boolean): Change {
  const says = begun
    ? `"${old.id}" was removed, and it is already done or begun`
    : `"${old.id}" was removed before it began`;
  return { kind: 'removed', step: old.id, touchesDone: begun, says };
}

function renaming(state: RunState, old: RecordedNode, node: RecordedNode): Change {
  const begun = isBegun(state, old.id);
  const again = begun ? ', so it would run again' : '';
  const says = `"${old.id}" is called "${node.id}" now, ${standing(begun)}${again}`;
  return { kind: 'renamed', step: node.id, touchesDone: begun, says };
}

function reordering(now: readonly RecordedNode[], node: RecordedNode): Change {
  const place = now.indexOf(node) + 1;
  const says = `"${node.id}" stands in another place (number ${place} now)`;
  return { kind: 'reordered', step: node.id, touchesDone: false, says };
}

function changesOf(state: RunState, old: RecordedNode, node: RecordedNode, begun: boolean): Change[] {
  const changed = (says: string, touchesDone = begun): Change => ({
    ...{ kind: 'changed', step: node.id, touchesDone },
    says: `${says}, ${standing(begun)}`,
  });
  const changes: Change[] = [];
  const parts = changedParts(old, node, stepState(state, node.id).skipped === 'when');
  if (old.kind !== node.kind) {
    changes.push(changed(`"${node.id}" is a ${node.kind} now, not a ${old.kind}`));
  } else if (parts !== undefined) {
    changes.push(...parts.map(({ says, weighs }) => changed(says, begun && weighs)));
  } else if (old.fingerprint !== node.fingerprint) {
    changes.push(changed(`"${node.id}" does something else now`));
  }
  if (!sameNeeds(old, node)) {
    changes.push(changed(`"${node.id}" needs ${list(node.needs)} instead of ${list(old.needs)}`));
  }
  if (old.title !== node.title) {
    const says = `"${node.id}" has another title`;
    changes.push({ kind: 'retitled', step: node.id, touchesDone: false, says });
  }
  return changes;
}

/** By new id, the removed step that does the same in the same place: most likely it got a new name. */
function renamings(
  removed: readonly RecordedNode[],
  added: readonly RecordedNode[],
): ReadonlyMap<string, RecordedNode> {
  const found = new Map<string, RecordedNode>();
  const left = [...removed];
  for (const node of added) {
    const index = left.findIndex((old) => old.fingerprint === node.fingerprint && sameNeeds(old, node));
    const [old] = index === -1 ? [] : left.splice(index, 1);
    if (old !== undefined) found.set(node.id, old);
  }
  return found;
}

/** The fewest steps that must have moved for the one order to become the other. */
function movedSteps(before: readonly RecordedNode[], now: readonly RecordedNode[]): ReadonlySet<string> {
  const placeBefore = new Map(before.map(({ id }, index) => [id, index]));
  const common = now.filter(({ id }) => placeBefore.has(id));
  const places = common.map(({ id }) => placeBefore.get(id) ?? 0);
  const stayed = new Set(longestIncreasing(places));
  return new Set(common.filter((_, index) => !stayed.has(index)).map(({ id }) => id));
}

/** All that the chosen steps need, directly or through others. */
function neededBy(
  nodes: readonly RecordedNode[],
  chosen: (node: RecordedNode) => boolean,
): ReadonlySet<string> {
  const needed = new Set<string>();
  for (const node of nodes.toReversed()) {
    if (chosen(node) || needed.has(node.id)) for (const need of node.needs) needed.add(need);
  }
  return needed;
}

function sameNeeds(one: RecordedNode, other: RecordedNode): boolean {
  return one.needs.toSorted().join() === other.needs.toSorted().join();
}

function list(ids: readonly string[]): string {
  return ids.length === 0 ? 'nothing' : ids.map((id) => `"${id}"`).join(', ');
}
