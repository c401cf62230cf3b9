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

function show(seconds: number): string {
  if (seconds < 0.01) return `${(seconds * 1_000).toFixed(2)} ms`;
  return seconds < 1 ? `${Math.round(seconds * 1_000)} ms` : `${seconds.toFixed(2)} s`;
}
