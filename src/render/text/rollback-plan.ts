import type { RollbackPlanDocument } from '../documents/rollback-plan.ts';
import { harmless } from '../harmless.ts';
import type { Style } from '../style.ts';
import { columns } from './columns.ts';
import { wayBackLookText } from './way-back.ts';

export function rollbackPlanText(document: RollbackPlanDocument, style: Style): string {
  const { run, to, irreversible, beforeReboot, reboot, afterReboot } = document;
  const rows = (steps: RollbackPlanDocument['afterReboot']) =>
    columns(
      steps.map(({ id, undo }) => [id, harmless(undo)]),
      '  ',
    );
  const target = to === null ? 'to the start' : `to "${to}", which stays done`;
  if (irreversible.length > 0) {
    return [
      `${style('bad', 'No way back')} ${target}: these are done and cannot be undone:`,
      ...rows(irreversible),
      ...(document.lastResorts.length === 0
        ? ['What is left: copy the data back from where it is now and verify it, or restore the backup.']
        : [
            'What is left, by what these steps have saved:',
            ...document.lastResorts.map((line) => `  ${harmless(line)}`),
          ]),
      'Nothing was changed.',
    ].join('\n');
  }
  if (beforeReboot.length + afterReboot.length === 0) return `${run}: there is nothing to undo ${target}.`;
  return [
    style('strong', `Rollback of ${run} ${target}, in this order`),
    ...rows(beforeReboot),
    ...(reboot
      ? [style('warning', '  then a reboot, so that the machine lives on the old state again')]
      : []),
    ...rows(afterReboot),
    ...wayBackLookText(document, style),
    'Nothing was changed.',
  ].join('\n');
}
