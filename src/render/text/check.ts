import type { CheckDocument, CheckRow, CheckVerdict } from '../documents/check.ts';
import { harmless, harmlessJson, harmlessLines } from '../harmless.ts';
import type { Style, Tone } from '../style.ts';

const tones: Record<CheckVerdict, Tone> = {
  PASS: 'good',
  PARTIAL: 'warning',
  FAIL: 'bad',
  BLOCKED: 'warning',
};
// As wide as the longest of the words in front.
const indent = ' '.repeat(9);

/** @param options.quiet leave out what is as it should be */
export function checkText(
  document: CheckDocument,
  style: Style,
  options: { readonly quiet: boolean } = { quiet: false },
): string {
  const { runbook, summary, run, checks, verdict } = document;
  const shown = options.quiet ? checks.filter((each) => !['PASS', null].includes(each.verdict)) : checks;
  const counts = (['PASS', 'PARTIAL', 'FAIL', 'BLOCKED', null] as const).flatMap((each) => {
    const count = checks.filter((row) => row.verdict === each).length;
    return count === 0 ? [] : [`${count} ${each ?? 'skipped'}`];
  });
  return [
    `${style('strong', runbook)}  ${harmless(summary)}${run === null ? '' : `, as in the run ${run}`}`,
    ...shown.flatMap((row, index) => [
      ...(row.phase === shown[index - 1]?.phase || row.phase === undefined
        ? []
        : ['', style('strong', harmless(row.phase))]),
      ...rowLines(row, style),
    ]),
    '',
    `${style(tones[verdict], verdict)}: ${counts.join(', ')}. Nothing was changed.`,
  ].join('\n');
}

function rowLines(row: CheckRow, style: Style): string[] {
  const name = row.title === row.id ? row.id : `${row.id}: ${harmless(row.title)}`;
  if (row.verdict === null) return [style('faint', `${'skipped'.padEnd(indent.length)}${name}`)];
  const lines = [
    `${style(tones[row.verdict], row.verdict)}${' '.repeat(indent.length - row.verdict.length)}${name}`,
    ...labelled('expected', row.expect, style),
    ...labelled('observed', row.observed ?? '', style),
  ];
  if (row.verdict === 'PASS' || row.evidence === undefined) return lines;
  return [
    ...lines,
    ...Object.entries(row.evidence).flatMap(([key, value]) => evidenceLines(key, value, style)),
  ];
}

function evidenceLines(key: string, value: unknown, style: Style): string[] {
  return labelled(harmless(key), typeof value === 'string' ? value : harmlessJson(value), style);
}

function labelled(label: string, text: string, style: Style): string[] {
  const [first = '', ...rest] = harmlessLines(text.trimEnd());
  const head = label.padEnd(10);
  return [
    `${indent}${style('faint', head)}${first}`,
    ...rest.map((line) => indent + ' '.repeat(head.length) + line),
  ];
}
