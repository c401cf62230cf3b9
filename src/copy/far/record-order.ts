import { join, type BytePath } from '../byte-path.ts';

/**
 * A path as bytes that sort, as plain bytes, in the order of `comparePaths`: a slash comes before everything,
 * and what ends comes before what goes on. `fields` follow it.
 */
export function toRecord(path: BytePath, fields: string): string {
  const sortable = path === '.' ? '' : path.replaceAll(/[\x01\x02/]/g, (byte) => replaced[byte] ?? byte);
  return `${sortable}\x01\x01${fields}`;
}

export function fromRecord(record: string): { path: BytePath; fields: string } {
  const end = record.indexOf('\x01\x01');
  const sortable = record.slice(0, end);
  const path = sortable.replaceAll(/\x02[\x01\x02]|\x01/g, (bytes) =>
    bytes === '\x01' ? '/' : bytes.slice(1),
  );
  return { path: join('.', path === '' ? '.' : path), fields: record.slice(end + 2) };
}

const replaced: Readonly<Record<string, string>> = { '/': '\x01', '\x01': '\x02\x01', '\x02': '\x02\x02' };
