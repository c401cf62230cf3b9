import { quoteWord } from '../../runbook/index.ts';
import type { ReportCheck, ReportDocument } from '../documents/report.ts';
import { formatBytes } from '../bytes.ts';
import { formatRate } from '../rate.ts';
import { endedText } from './html-evidence.ts';
import { md, mdBlock, mdCode, mdLines } from './markdown-text.ts';
import { chartText, ganttText, sparkline } from './text-charts.ts';
import { countText, dateText, notesOf, openedText, outcomeWords, spanText, timeText } from './words.ts';

/** The report as Markdown: title, date, host and scope, what was done, outcomes, risks, evidence. */
export function reportMarkdown(report: ReportDocument): string {
  const lines = [
    `# ${md(report.summary)}`,
    '',
    ...head(report),
    ...section('What Was Done', done(report.phases)),
    ...section('Test Outcomes', outcomes(report.checks)),
    ...section('Observed Residual Risks', risks(report)),
    ...section('Gates', gates(report)),
    ...section('Bytes and Hashes', copies(report.copies)),
    ...section('What Ran When', fenced(ganttText(report.phases))),
    ...section('How Fast It Went', paces(report)),
    ...section('Out of the Ordinary', history(report)),
    ...section('Scope', scope(report)),
    ...section('Evidence Commands Used', commands(report)),
    ...section('Evidence', evidence(report.checks)),
    '',
    `Made by migrate, ${dateText(report.madeAt)}, from the journal of ${mdCode(report.run)}.`,
  ];
  return `${lines.join('\n')}\n`;
}

/** A line break in Markdown is two blanks at the end. */
const br = '  ';

function head({ startedAt, host, runbook, run, lastAt, tookMs, workedMs, result }: ReportDocument): string[] {
  return [
    `Date: ${startedAt.slice(0, 10)}${br}`,
    `Host: ${mdCode(host)}${br}`,
    `Scope: ${mdCode(runbook)}, run ${mdCode(run)}${br}`,
    `Time: ${dateText(startedAt)} to ${dateText(lastAt)}: ${spanText(tookMs)}, of which ${spanText(workedMs)} at work${br}`,
    `Result: ${md(result)}`,
  ];
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', `## ${title}`, '', ...lines];
}

function fenced(lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : mdBlock(lines.join('\n'));
}

function done(phases: ReportDocument['phases']): string[] {
  let number = 0;
  return phases.flatMap(({ title, workedMs, steps }, index) => [
    ...(title === null
      ? []
      : [...(index === 0 ? [] : ['']), `### ${md(title)} (${spanText(workedMs)} at work)`, '']),
    ...steps.flatMap((step) => {
      number += 1;
      const { id, title: name, outcome, bytes } = step;
      const time = step.spans.length === 0 ? '' : `, ${timeText(step)}`;
      const notes = [...notesOf(step), ...(bytes === undefined ? [] : [formatBytes(bytes)])];
      return [
        `${number}. ${name === id ? '' : `${md(name)} `}${mdCode(id)}: ${outcomeWords[outcome]}${time}`,
        ...notes.map((note) => `   - ${md(note)}`),
      ];
    }),
  ]);
}

function outcomes(checks: readonly ReportCheck[]): string[] {
  return checks.flatMap((check, index) => {
    const { id, title, verdict, expect, observed, unblock, knownLimitation, chart } = check;
    const known = knownLimitation === undefined ? '' : ' (known limitation)';
    const bullets = [
      ...labelled('Expected: ', expect),
      ...labelled(verdict === null ? 'Not asked: ' : 'Observed: ', observed),
      ...labelled('To unblock it: ', unblock),
      ...labelled('Known: ', knownLimitation),
    ];
    return [
      `${index + 1}. ${title === id ? '' : `${md(title)} `}${mdCode(id)}: ${verdict ?? 'not asked'}${known}`,
      ...bullets,
      ...(chart === undefined
        ? []
        : [
            `   - ${md(chart.title)} (${md(chart.unit)})`,
            '',
            ...mdBlock(chartText(chart).join('\n'), '     '),
          ]),
    ];
  });
}

function labelled(label: string, text: string | null | undefined): string[] {
  if (text === null || text === undefined || text === '') return [];
  const [first = '', ...rest] = mdLines(text);
  return [
    `   - ${label}${first}${rest.length === 0 ? '' : br}`,
    ...rest.map((line, index) => `     ${line}${index === rest.length - 1 ? '' : br}`),
  ];
}

function risks({ risks: all }: ReportDocument): string[] {
  if (all.length === 0) return ['None that the run knows of.'];
  return all.map(
    ({ known, about, text }, index) =>
      `${index + 1}. ${known ? 'Known limitation: ' : ''}${about === null ? '' : `${mdCode(about)}: `}${md(text)}`,
  );
}

function gates({ gates: all, consents }: ReportDocument): string[] {
  return [
    ...all.map((gate, index) => {
      const looks =
        gate.looks === undefined ? '' : `, ${gate.looks} looks (${gate.unhealthy ?? 0} not healthy)`;
      const given = gate.input === undefined ? '' : `, given ${mdCode(JSON.stringify(gate.input))}`;
      return `${index + 1}. ${mdCode(gate.step)} (${gate.kind}), entered ${dateText(gate.enteredAt)}: ${openedText(gate)}${looks}${given}${br}\n   ${md(gate.says)}`;
    }),
    ...consents.map(
      ({ step, at, by, lost }, index) =>
        `${all.length + index + 1}. ${mdCode(step)} was accepted as irreversible by ${by === 'phrase' ? 'a typed phrase' : 'flag'}, ${dateText(at)}${lost === '' ? '' : `: ${md(lost)}`}`,
    ),
  ];
}

function copies(all: ReportDocument['copies']): string[] {
  return all.map(({ step, what, bytes, files, manifest, sha256, snapshot }, index) => {
    const parts = [
      bytes === undefined ? undefined : formatBytes(bytes),
      files === undefined ? undefined : `${countText(files)} files`,
      manifest === undefined ? undefined : mdCode(manifest),
      sha256 === undefined ? undefined : `sha256 ${mdCode(sha256)}`,
      snapshot === undefined ? undefined : `snapshot ${mdCode(snapshot)}`,
    ];
    return `${index + 1}. ${mdCode(step)} ${md(what)}: ${parts.filter((part) => part !== undefined).join(', ')}`;
  });
}

function paces({ paces: all }: ReportDocument): string[] {
  return all.flatMap((pace) => {
    const { step, attempt, doing, bytes, tookMs, meanRate, peakRate } = pace;
    const again = attempt > 1 ? `, attempt ${attempt}` : '';
    return [
      `- ${mdCode(step)} ${md(doing)}${again}: ${formatBytes(bytes)} in ${spanText(tookMs)}, ${formatRate(meanRate)} on average, ${formatRate(peakRate)} at most${br}`,
      `  ${mdCode(sparkline(pace))}`,
    ];
  });
}

function history({ history: all }: ReportDocument): string[] {
  return all.map(({ at, text }) => `- ${dateText(at)}: ${md(text)}`);
}

function scope({ params, claims, tools, source }: ReportDocument): string[] {
  return [
    ...Object.entries(params).map(([name, value]) => `- ${mdCode(name)}: ${mdCode(value)}`),
    ...claims.map((claim) => `- Held: ${mdCode(claim)}`),
    ...Object.entries(tools).map(([name, version]) => `- ${mdCode(name)} ${md(version)}`),
    `- Runbook: ${mdCode(source.file)}`,
    ...Object.entries(source.sha256).map(([file, hash]) => `- ${mdCode(file)}: sha256 ${mdCode(hash)}`),
  ];
}

function commands({ commands: all }: ReportDocument): string[] {
  return all.map(
    ({ argv, times }, index) =>
      `${index + 1}. ${mdCode(argv.map(quoteWord).join(' '))}${times === 1 ? '' : ` (${times} times)`}`,
  );
}

function evidence(checks: readonly ReportCheck[]): string[] {
  return checks.flatMap(({ id, at, commands: ran, omitted, evidence: figures = {} }) => {
    const entries = Object.entries(figures).filter(([name]) => name !== 'chart');
    if (ran.length === 0 && entries.length === 0) return [];
    return [
      `### ${mdCode(id)}${at === null ? '' : `, ${dateText(at)}`}`,
      '',
      ...entries.map(
        ([name, value]) =>
          `- ${mdCode(name)}: ${mdCode(typeof value === 'string' ? value : JSON.stringify(value))}`,
      ),
      ...(entries.length === 0 ? [] : ['']),
      ...(omitted === undefined ? [] : [`${omitted} earlier commands are left out.`, '']),
      ...ran.flatMap((command) => {
        const { argv, ms, stdout, stderr, cutChars } = command;
        const printed = [stdout, stderr].filter((text) => text !== '').join('\n');
        const cut = cutChars === undefined ? '' : `, ${cutChars} characters before are left out`;
        return [
          `${mdCode(argv.map(quoteWord).join(' '))} ${md(endedText(command))} after ${spanText(ms)}${cut}`,
          '',
          ...(printed === '' ? [] : [...mdBlock(printed), '']),
        ];
      }),
    ];
  });
}
