import { UsageError } from '../errors.ts';
import type { Runbook } from '../runbook/index.ts';

/** @throws UsageError `runbook.undecided` naming each step of which nobody has decided how it is undone */
export function mustBeDecided({ id, nodes }: Pick<Runbook, 'id' | 'nodes'>): void {
  const undecided = nodes.flatMap((node) =>
    node.kind === 'step' && node.undecided !== undefined ? [`  ${node.id}: ${node.undecided}`] : [],
  );
  if (undecided.length === 0) return;
  throw new UsageError(
    'runbook.undecided',
    [
      `how ${undecided.length === 1 ? 'a step' : `${undecided.length} steps`} of ${id} can be undone is not decided yet:`,
      ...undecided,
    ].join('\n'),
    `In place of undecided, give undo, or irreversible: 'why', or readonly: true. Rehearsals and plans work until then. Nothing was changed.`,
  );
}
