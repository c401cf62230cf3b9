import type { BytePath } from '../byte-path.ts';

/**
 * A path as bytes that sort, as plain bytes, in the order of `comparePaths`: a slash comes before everything,
 * and what ends comes before what goes on. `fields` follow it.
 */
export function toRecord(path: BytePath, fields: string): string {
  const sortable =
    path === '.'
      ? ''
      : path.replaceAll('\x02', '\x02\x04').replaceAll('\x01', '\x02\x03').replaceAll('/', '\x01');
  return `${sortable}\x01\x01${fields}`;
}

export function fromRecord(record: string): { path: BytePath; fields: string } {
  const end = record.indexOf('\x01\x01');
  const path = pathIn(record.slice(0, end));
  return { path: path === '' ? '.' : path, fields: record.slice(end + 2) };
}

function pathIn(sortable: string): BytePath {
  // In this order, since what an escape gives must not be taken for one.
  const [first = '', ...escaped] = sortable.split('\x02');
  const slashes = (text: string) => text.replaceAll('\x01', '/');
  return [
    slashes(first),
    ...escaped.map((part) => (part.startsWith('\x04') ? '\x02' : '\x01') + slashes(part.slice(1))),
  ].join('');
}
