import { StepError } from '../errors.ts';
import type { RecordedUndo } from '../journal/event.ts';
import { formatCommand, type Command } from '../runbook/index.ts';

/** How a person goes on when a step was undone by hand. */
export function settleHint(run: string, id: string): string {
  return `Look at the machine; when it is as before the step: migrate settle ${run} ${id} --undone --why '…'`;
}

/** The runbook is gone, and with it the code of an undo; what a person does instead was recorded. */
export function withoutCode(
  run: string,
  id: string,
  undo: Extract<RecordedUndo, { kind: 'code' }>,
  why = `the runbook that holds it cannot be loaded`,
): StepError {
  const byHand =
    typeof undo.breakGlass === 'string'
      ? undo.breakGlass
      : (undo.breakGlass as unknown as readonly Command[]).map(formatCommand).join('\n');
  return new StepError(
    'undo.no-code',
    `its undo is code, and ${why} (${undo.describe})`,
    [
      `By hand:\n${byHand}`,
      settleHint(run, id),
      `Or by the code of a runbook that you have: migrate rollback ${run} --runbook FILE`,
    ].join('\n'),
  );
}
