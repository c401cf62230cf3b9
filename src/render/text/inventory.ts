import { formatBytes } from '../bytes.ts';
import type { InventoryDocument } from '../documents/inventory.ts';
import { harmless } from '../harmless.ts';
import type { Style } from '../style.ts';
import { columns } from './columns.ts';
import { verdictTable } from './verdicts.ts';

/** Lines of what would be lost, the largest; the document has all. */
const most = 20;

/** @param options.quiet leave out what is declared */
export function inventoryText(
  document: InventoryDocument,
  style: Style,
  options: { readonly quiet: boolean } = { quiet: false },
): string {
  const { inventory, host, persist, declared, declaredBytes, findings, undeclared, unreadable } = document;
  const lost = undeclared.reduce((sum, one) => sum + one.lostBytes, 0);
  const rows = declared.map(({ path, need, there, bytes, purpose }) => [
    need,
    there ? formatBytes(bytes ?? 0) : 'not there',
    harmless(path),
    harmless(purpose),
  ]);
  return [
    `${style('strong', harmless(inventory))}  what ${harmless(persist)} keeps, on ${harmless(host)}`,
    ...(options.quiet
      ? []
      : ['', style('strong', `Persisted, ${formatBytes(declaredBytes)}`), ...columns(rows, '  ')]),
    ...(undeclared.length === 0
      ? []
      : [
          '',
          style('strong', `Lost with the root file system, ${formatBytes(lost)}`),
          ...lostLines(document),
        ]),
    ...unreadable.slice(0, most).map((path) => style('warning', `not counted: ${harmless(path)}`)),
    '',
    ...verdictTable(findings, style),
  ].join('\n');
}

function lostLines({ undeclared, etc }: InventoryDocument): readonly string[] {
  const rows = undeclared
    .slice(0, most)
    .map(({ path, lostBytes, owner, units, package: name }) => [
      formatBytes(lostBytes),
      harmless(path),
      owner,
      [...units, ...(name === undefined ? [] : [name])].join(', '),
    ]);
  const more = undeclared.length - most;
  return [
    ...columns(rows, '  '),
    ...(more > 0 ? [`  and ${more} more; --json has all`] : []),
    ...(etc.files.length === 0 ? [] : [`  ${etc.files.length} files of /etc that are not generated`]),
  ];
}
