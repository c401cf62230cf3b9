import type { VerdictRow } from '../documents/verdicts.ts';
import { verdicts, worstVerdict } from '../finding.ts';
import { harmless, harmlessLines } from '../harmless.ts';
import type { Style, Tone } from '../style.ts';

export const verdictTones: Readonly<Record<NonNullable<VerdictRow['verdict']>, Tone>> = {
  PASS: 'good',
  PARTIAL: 'warning',
  FAIL: 'bad',
  BLOCKED: 'warning',
};

// As wide as the longest of the words in front.
const indent = ' '.repeat(9);

/** A table of verdicts; what is as it should be takes one line, and nothing is left out. */
export function verdictTable(rows: readonly VerdictRow[], style: Style): string[] {
  return [
    ...rows.flatMap((row) => [
      headLine(row, style),
      ...(row.verdict === 'PASS' || row.observed === null ? [] : labelled('observed', row.observed, style)),
      ...moreLines(row, style),
    ]),
    tally(rows, style),
  ];
}

/** `FAIL     drift: A drifted unit is healed (known limitation)` */
export function headLine(
  { id, title, verdict, knownLimitation }: Pick<VerdictRow, 'id' | 'title' | 'verdict' | 'knownLimitation'>,
  style: Style,
): string {
  const name = title === id ? id : `${id}: ${harmless(title)}`;
  if (verdict === null) return style('faint', `${'skipped'.padEnd(indent.length)}${name}`);
  const known = knownLimitation === undefined ? '' : style('faint', ' (known limitation)');
  return `${style(verdictTones[verdict], verdict)}${' '.repeat(indent.length - verdict.length)}${name}${known}`;
}

/** What is said beside what was observed. */
export function moreLines(
  { unblock, knownLimitation }: Pick<VerdictRow, 'unblock' | 'knownLimitation'>,
  style: Style,
): string[] {
  return [
    ...(unblock === undefined ? [] : labelled('unblock', unblock, style)),
    ...(knownLimitation === undefined ? [] : labelled('known', knownLimitation, style)),
  ];
}

export function labelled(label: string, text: string, style: Style): string[] {
  const [first = '', ...rest] = harmlessLines(text.trimEnd());
  const head = label.padEnd(10);
  return [
    `${indent}${style('faint', head)}${first}`,
    ...rest.map((line) => indent + ' '.repeat(head.length) + line),
  ];
}

/** `FAIL: 4 PASS, 1 FAIL (known), 1 BLOCKED` */
function tally(rows: readonly VerdictRow[], style: Style): string {
  const asked = rows.flatMap(({ verdict }) => verdict ?? []);
  const counts = countsOf(rows);
  if (asked.length === 0) return style('faint', counts);
  const worst = worstVerdict(asked);
  return `${style(verdictTones[worst], worst)}: ${counts}`;
}

/** How many there are of each verdict, and how many of those are known. */
export function countsOf(rows: readonly Pick<VerdictRow, 'verdict' | 'knownLimitation'>[]): string {
  return [...verdicts, null]
    .flatMap((each) => {
      const those = rows.filter(({ verdict }) => verdict === each);
      const known = those.filter(({ knownLimitation }) => knownLimitation !== undefined).length;
      if (those.length === 0) return [];
      const mark = known === 0 ? '' : known === those.length ? ' (known)' : ` (${known} known)`;
      return [`${those.length} ${each ?? 'skipped'}${mark}`];
    })
    .join(', ');
}
