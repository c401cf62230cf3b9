import type { RecordedUndo } from '../journal/event.ts';
import { formatCommand, isRestoreFile, type UndoAction } from '../runbook/index.ts';
import { stepState, type RunState } from '../journal/state.ts';
import { record, type Session } from './session.ts';

/** Ends a run without undoing anything; gives what remains on the machine, latest first. */
export async function abort(session: Session, why: string): Promise<readonly string[]> {
  const remains = whatRemains(session.state);
  await record(session, { type: 'run.aborted', why, remains: [...remains] });
  return remains;
}

/** What the begun steps have left, with the way to take each back by hand. */
export function whatRemains(state: RunState): readonly string[] {
  return [...state.nodes, ...state.removed]
    .map((node) => ({ node, step: stepState(state, node.id) }))
    .filter(
      ({ node, step }) =>
        step.startedSeq !== undefined && node.kind === 'step' && node.reversal !== 'readonly',
    )
    .toSorted((a, b) => (b.step.startedSeq ?? 0) - (a.step.startedSeq ?? 0))
    .map(({ node, step }) => `${node.id} (${step.status}): ${describeUndo(step.intent?.undo)}`);
}

/** How a recorded undo reads to a person. */
export function describeUndo(undo: RecordedUndo | undefined): string {
  switch (undo?.kind) {
    case 'data':
      return undo.actions.length === 0
        ? 'nothing to undo'
        : (undo.actions as readonly UndoAction[]).map(describeAction).join('; ');
    case 'code':
      return undo.describe;
    case 'irreversible':
      return `cannot be undone: ${undo.why}`;
    default:
      return 'nothing to undo';
  }
}

function describeAction(action: UndoAction): string {
  if (!isRestoreFile(action)) return formatCommand(action);
  return action.content === null ? `remove ${action.restore}` : `restore ${action.restore} as it was`;
}
