import { median, type Timed } from './rounds.ts';

export interface Result {
  readonly title: string;
  /** What was done, on what, with which versions. */
  readonly about: readonly string[];
  readonly timed: readonly Timed[];
  /** The contender that the others are compared with. */
  readonly base: string;
}

/** A result as Markdown: medians with their spread, and how many times as fast as the base each is. */
export function tableOf({ title, about, timed, base }: Result): string {
  const baseline = median(timed.find(({ name }) => name === base)?.seconds ?? []);
  const rows = timed.map(({ name, seconds }) => {
    const middle = median(seconds);
    const spread = `${show(Math.min(...seconds))} to ${show(Math.max(...seconds))}`;
    return `| ${name} | ${show(middle)} | ${spread} | ${(baseline / middle).toFixed(2)} |`;
  });
  return [
    `### ${title}`,
    '',
    ...about,
    '',
    `| | median | spread | times as fast as ${base} |`,
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

const mark = '<!-- measured -->';

/** The page with each table in place of the one of the same title, and new ones at its end. */
export function withTables(page: string, results: readonly Result[]): string {
  const [head = '', tail = ''] = page.split(mark);
  const tables = new Map(
    tail
      .split(/^(?=### )/m)
      .filter((table) => table.startsWith('### '))
      .map((table) => [table.split('\n')[0]?.slice(4), table.trim()]),
  );
  for (const result of results) tables.set(result.title, tableOf(result).trim());
  return `${head}${mark}\n\n${[...tables.values()].join('\n\n')}\n`;
}

function show(seconds: number): string {
  if (seconds < 0.01) return `${(seconds * 1_000).toFixed(2)} ms`;
  return seconds < 1 ? `${Math.round(seconds * 1_000)} ms` : `${seconds.toFixed(2)} s`;
}
