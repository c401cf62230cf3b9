import type { Row } from './row.ts';

const mustShow = new Set<Row['state']>(['running', 'retrying', 'at-gate', 'failed', 'stopped', 'undoing']);

/**
 * As many rows as fit into a height: those in which something happens or went wrong always, then their
 * neighbours by nearness; what is left out is summed up where it stood.
 * @param height in lines; a row counts as many lines as it has
 */
export function windowOf(rows: readonly Row[], height: number): Row[] {
  if (cost(rows) <= height) return [...rows];
  const shown = new Set(rows.filter((row) => mustShow.has(row.state)));
  const anchor = anchorOf(rows, shown);
  // Two lines for what is summed up before and after.
  let left = height - 2 - cost([...shown]);
  const byNearness = rows
    .map((row, index) => ({ row, distance: Math.abs(index - anchor) }))
    .filter(({ row }) => !shown.has(row))
    .toSorted((one, other) => one.distance - other.distance);
  for (const { row } of byNearness) {
    if (row.lines.length > left) break;
    shown.add(row);
    left -= row.lines.length;
  }
  return summedUp(rows, shown);
}

/** Where the eye should be: at what happens, else at the first row that is still to come. */
function anchorOf(rows: readonly Row[], shown: ReadonlySet<Row>): number {
  const active = rows.findLastIndex((row) => shown.has(row));
  if (active !== -1) return active;
  const next = rows.findIndex((row) => row.state === 'waiting');
  return next === -1 ? rows.length - 1 : next;
}

function summedUp(rows: readonly Row[], shown: ReadonlySet<Row>): Row[] {
  const result: Row[] = [];
  let hidden: Row[] = [];
  const flush = () => {
    const [first] = hidden;
    if (first !== undefined) result.push(summary(first, hidden));
    hidden = [];
  };
  for (const row of rows) {
    if (!shown.has(row)) hidden.push(row);
    else {
      flush();
      result.push(row);
    }
  }
  flush();
  return result;
}

function summary(first: Row, hidden: readonly Row[]): Row {
  const all = (...states: Row['state'][]) => hidden.every((row) => states.includes(row.state));
  const base = { key: `more:${first.key}`, rows: [] };
  if (all('done', 'skipped')) return { ...base, state: 'done', lines: [`${hidden.length} more done`] };
  if (all('undone')) return { ...base, state: 'undone', lines: [`${hidden.length} more undone`] };
  if (all('waiting')) return { ...base, state: 'waiting', lines: [`${hidden.length} more to come`] };
  return { ...base, state: 'waiting', lines: [`${hidden.length} more`] };
}

function cost(rows: readonly Row[]): number {
  return rows.reduce((sum, row) => sum + row.lines.length, 0);
}
