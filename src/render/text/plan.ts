import type { PlanDocument } from '../documents/plan.ts';
import { formatBytes } from '../bytes.ts';
import { harmless, harmlessLines } from '../harmless.ts';
import type { Style, Tone } from '../style.ts';
import { columns } from './columns.ts';
import { byPhase } from './phases.ts';

type Step = PlanDocument['steps'][number];

const standings: Record<Step['standing'], readonly [text: string, tone: Tone]> = {
  'to-do': ['to do', 'plain'],
  satisfied: ['already so', 'good'],
  done: ['done', 'good'],
  skipped: ['not needed here', 'faint'],
  'in-doubt': ['in doubt: begun, and no end is known', 'warning'],
  partial: ['partly done', 'warning'],
  unknown: ['cannot be told', 'warning'],
};

export function planText(document: PlanDocument, style: Style): string {
  const { runbook, run, summary, params, steps, pointOfNoReturn } = document;
  const head = run === null ? `Plan of ${runbook}` : `What is left of ${run}`;
  const values = Object.entries((params ?? {}) as Record<string, unknown>).map(([key, value]) => [
    key,
    `= ${harmless(JSON.stringify(value) ?? 'nothing')}`,
  ]);
  const left = steps.filter(({ standing }) => !['done', 'satisfied', 'skipped'].includes(standing)).length;
  return [
    `${style('strong', head)}  ${harmless(summary)}`,
    ...columns(values, '  '),
    '',
    ...byPhase(steps).flatMap((group) => [
      ...(group.phase === undefined ? [] : [style('strong', harmless(group.phase))]),
      ...group.steps.flatMap((step) => stepLines(step, steps.indexOf(step) + 1, style)),
    ]),
    '',
    pointOfNoReturn === null
      ? 'Every step can be undone.'
      : `${style('warning', 'Point of no return:')} ${pointOfNoReturn.step} (${harmless(pointOfNoReturn.why)}).`,
    `${left} of ${steps.length} steps to do. Nothing was changed.`,
  ].join('\n');
}

function stepLines(step: Step, number: number, style: Style): string[] {
  const margin = ' '.repeat(7);
  const [text, tone] = standings[step.standing];
  const quiet = step.standing === 'done' || step.standing === 'skipped';
  const title = step.title === step.id ? '' : `  ${harmless(step.title)}`;
  const facts = Object.entries(step.preview?.facts ?? {}).map(
    ([name, value]) => `${name} ${factText(name, value)}`,
  );
  return [
    `  ${String(number).padStart(3)}  ${style('strong', step.id)}${title}  ${style(tone, `[${text}]`)}`,
    ...(quiet ? [] : step.does.flatMap(harmlessLines).map((line) => margin + line)),
    ...(step.preview === undefined ? [] : [style('good', margin + harmless(step.preview.summary))]),
    ...(facts.length === 0 ? [] : [style('faint', margin + harmless(facts.join(' · ')))]),
    ...(step.problem === undefined
      ? []
      : [style('warning', `${margin}not found out: ${harmless(step.problem)}`)]),
    ...(quiet ? [] : step.undo.map((line) => margin + style('faint', undoText(step, line)))),
  ];
}

function undoText(step: Step, line: string): string {
  return step.irreversible ? harmless(line) : `undone by: ${harmless(line)}`;
}

function factText(name: string, value: unknown): string {
  if (typeof value === 'number')
    return /bytes$/i.test(name) ? formatBytes(value) : value.toLocaleString('en-US');
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}
