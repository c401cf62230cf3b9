import type { DoctorDocument, DoctorFinding, DoctorRun, Verdict } from '../documents/doctor.ts';
import { harmless, harmlessLines } from '../harmless.ts';
import type { Style, Tone } from '../style.ts';

const words: Record<Verdict, readonly [mark: string, tone: Tone, text: string]> = {
  sound: ['+', 'good', 'sound'],
  'in-doubt': ['?', 'warning', 'in doubt'],
  damaged: ['x', 'bad', 'damaged'],
};
// As wide as the longest of what findings are about.
const column = 10;

export function doctorText(document: DoctorDocument, style: Style): string {
  const { stateFolder, runs, claims, verdict } = document;
  const [, tone, text] = words[verdict];
  return [
    `${style('strong', 'state folder')}  ${harmless(stateFolder.folder)}`,
    ...stateFolder.findings.flatMap((finding) => findingLines(finding, style)),
    ...claims.flatMap((finding) => findingLines(finding, style)),
    ...runs.flatMap((run) => ['', ...runLines(run, style)]),
    '',
    `Altogether: ${style(tone, text)}. Nothing was changed.`,
  ].join('\n');
}

function runLines(run: DoctorRun, style: Style): string[] {
  const [, tone, text] = words[run.verdict];
  const last = run.lastDone === null ? '' : `; the last step known to be done is ${run.lastDone}`;
  return [
    `${style('strong', harmless(run.run))}  ${style(tone, text)}${last}`,
    ...run.findings.flatMap((finding) => findingLines(finding, style)),
  ];
}

function findingLines(finding: DoctorFinding, style: Style): string[] {
  const [mark, tone] = words[finding.verdict];
  const [first = '', ...rest] = harmlessLines(finding.says);
  const indent = ' '.repeat(column + 4);
  return [
    `  ${style(tone, mark)} ${finding.about.padEnd(column)}${first}`,
    ...[...rest, ...(finding.do === undefined ? [] : harmlessLines(finding.do))].map((line) => indent + line),
  ];
}
