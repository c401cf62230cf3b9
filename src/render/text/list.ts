import type { ListDocument } from '../documents/list.ts';
import { harmless } from '../harmless.ts';
import type { Style } from '../style.ts';
import { columns } from './columns.ts';

export function listText(document: ListDocument, style: Style): string {
  const rows = document.runbooks.map(({ id, steps, summary }) => [
    id,
    steps === 1 ? '1 step' : `${steps} steps`,
    harmless(summary),
  ]);
  return [
    ...columns(rows),
    '',
    style('faint', 'migrate show RUNBOOK tells what it does; ./my-runbook.ts names one of your own'),
  ].join('\n');
}
