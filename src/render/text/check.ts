import { quoteWord } from '../../runbook/index.ts';
import type { CheckDocument, CheckRow } from '../documents/check.ts';
import { harmless, harmlessJson } from '../harmless.ts';
import type { Style } from '../style.ts';
import { countsOf, headLine, labelled, moreLines, verdictTones } from './verdicts.ts';

/** @param options.quiet leave out what is as it should be */
export function checkText(
  document: CheckDocument,
  style: Style,
  options: { readonly quiet: boolean } = { quiet: false },
): string {
  const { runbook, summary, run, checks, verdict } = document;
  const shown = options.quiet ? checks.filter((each) => !['PASS', null].includes(each.verdict)) : checks;
  return [
    `${style('strong', runbook)}  ${harmless(summary)}${run === null ? '' : `, as in the run ${run}`}`,
    ...shown.flatMap((row, index) => [
      ...(row.phase === shown[index - 1]?.phase || row.phase === undefined
        ? []
        : ['', style('strong', harmless(row.phase))]),
      ...rowLines(row, style),
    ]),
    '',
    `${style(verdictTones[verdict], verdict)}: ${countsOf(checks)}. Nothing was changed.`,
  ].join('\n');
}

function rowLines(row: CheckRow, style: Style): string[] {
  const head = headLine(row, style);
  if (row.verdict === null) return [head];
  const lines = [
    head,
    ...labelled('expected', row.expect, style),
    ...labelled('observed', row.observed ?? '', style),
    ...moreLines(row, style),
  ];
  if (row.verdict === 'PASS') return lines;
  return [
    ...lines,
    ...Object.entries(row.evidence ?? {}).flatMap(([key, value]) => evidenceLines(key, value, style)),
    ...(row.commands ?? []).flatMap((command) => commandLines(command, style)),
  ];
}

function evidenceLines(key: string, value: unknown, style: Style): string[] {
  return labelled(harmless(key), typeof value === 'string' ? value : harmlessJson(value), style);
}

/** What a check ran, without what it printed: the check has said what of it matters. */
function commandLines(
  { argv, exitCode, signal, error }: NonNullable<CheckRow['commands']>[number],
  style: Style,
): string[] {
  const ended = error ?? (signal === undefined ? `exit ${exitCode ?? 'unknown'}` : `ended by ${signal}`);
  return labelled('ran', `${argv.map(quoteWord).join(' ')}  (${ended})`, style);
}
