import type { DiskGeometry, PlannedPartition } from './plan-partitions.ts';
import { showBytes } from './size.ts';

const barCells = 56;

/** Draws a disk with its partitions, as text of at most 80 columns: a bar, not to scale where a part is small, and a table. */
export function drawPartitions(
  disk: DiskGeometry & { readonly title: string },
  partitions: readonly PlannedPartition[],
): string {
  const cells = shareCells(partitions.map(({ bytes }) => bytes));
  const rule = (left: string, between: string, right: string) =>
    left + cells.map((width) => '─'.repeat(width)).join(between) + right;
  const numbers = partitions.map(({ number }, index) => centred(String(number), cells[index] ?? 1)).join('│');
  const rows = partitions.map(({ number, name, type, purpose = '', bytes, firstSector, lastSector }) => [
    String(number),
    name,
    showBytes(bytes),
    type,
    purpose,
    `${firstSector}–${lastSector}`,
  ]);
  const heads = ['', 'name', 'size', 'type', 'for', 'sectors'];
  const widths = heads.map((head, column) =>
    Math.max(head.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) =>
        column === 2 ? cell.padStart(widths[2] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd();
  return [
    `${disk.title}: ${disk.bytes} bytes (${showBytes(disk.bytes)}), sectors of ${disk.sectorBytes}`,
    rule('┌', '┬', '┐'),
    `│${numbers}│`,
    rule('└', '┴', '┘'),
    line(heads),
    ...rows.map(line),
  ].join('\n');
}

/** Every partition is seen, however small. */
function shareCells(sizes: readonly number[]): readonly number[] {
  const least = 3;
  const total = sizes.reduce((sum, bytes) => sum + bytes, 0);
  const free = Math.max(0, barCells - least * sizes.length);
  return sizes.map((bytes) => least + Math.round((bytes / total) * free));
}

function centred(text: string, width: number): string {
  const before = Math.max(0, Math.floor((width - text.length) / 2));
  return (' '.repeat(before) + text).padEnd(width);
}
