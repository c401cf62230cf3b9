import type { ShowDocument } from '../documents/show.ts';
import { harmless, harmlessLines } from '../harmless.ts';
import type { Style } from '../style.ts';
import { columns } from './columns.ts';
import { byPhase } from './phases.ts';

type Step = ShowDocument['steps'][number];

/** @param name by which the reader finds it when they type it: its id, or its file */
export function showText(document: ShowDocument, name: string, style: Style): string {
  const { id, summary, root, tools, pointOfNoReturn } = document;
  return [
    `${style('strong', id)}  ${harmless(summary)}`,
    style('faint', document.file),
    ...(root ? ['It needs root.'] : []),
    ...(tools.length === 0 ? [] : [`It needs these programs: ${tools.join(', ')}.`]),
    '',
    style('strong', 'Parameters'),
    ...(document.params.length === 0 ? ['  none'] : columns(document.params.map(parameter), '  ')),
    '',
    style('strong', 'Steps'),
    ...byPhase(document.steps).flatMap(({ phase, steps }) => [
      ...(phase === undefined ? [] : [`  ${style('strong', harmless(phase))}`]),
      ...steps.flatMap((step) => stepLines(step, document.steps.indexOf(step) + 1, style)),
    ]),
    '',
    pointOfNoReturn === null
      ? 'Every step can be undone: a run can be rolled back at any time.'
      : `${style('warning', 'Point of no return:')} ${pointOfNoReturn.step} (${harmless(pointOfNoReturn.why)}). Until it begins, a run can be rolled back.`,
    ...(document.health.length === 0
      ? []
      : [`${document.health.length} health checks, at any time: migrate check ${harmless(name)}`]),
    ...(document.rehearsal
      ? [style('faint', `Try it without risk: migrate rehearse ${harmless(name)}`)]
      : []),
  ].join('\n');
}

function parameter(param: ShowDocument['params'][number]): string[] {
  const value = param.required ? 'required' : `= ${JSON.stringify(param.default) ?? 'nothing'}`;
  const about = [param.type, param.description, param.secret ? 'secret' : undefined]
    .filter(Boolean)
    .join('; ');
  return [param.key, value, harmless(about)];
}

function stepLines(step: Step, number: number, style: Style): string[] {
  const margin = ' '.repeat(9);
  const title = step.title === step.id ? '' : `  ${harmless(step.title)}`;
  const notes = [
    step.kind === 'step' ? undefined : kindWords[step.kind],
    step.needs.length === 0 ? undefined : `needs ${step.needs.join(', ')}`,
    step.conditional ? 'skipped where it is not needed' : undefined,
    step.effective === 'at-boot' ? 'takes effect at the next boot' : undefined,
    step.onFailure === 'continue' ? 'a failure does not stop the run' : undefined,
    step.onFailure === 'rollback' ? 'a failure rolls the run back' : undefined,
  ].filter((note) => note !== undefined);
  return [
    `    ${String(number).padStart(3)}  ${style('strong', step.id)}${title}`,
    ...(notes.length === 0 ? [] : [style('faint', margin + notes.join('; '))]),
    ...step.does.flatMap(harmlessLines).map((line) => margin + line),
    ...(step.knownLimitation === undefined
      ? []
      : [margin + style('warning', `known limitation: ${harmless(step.knownLimitation)}`)]),
    ...undone(step).map(
      (line) => margin + style(step.reversal === 'irreversible' ? 'warning' : 'faint', line),
    ),
  ];
}

function undone(step: Step): string[] {
  if (step.kind !== 'step') return [];
  if (step.reversal === 'readonly') return ['changes nothing'];
  if (step.reversal === 'irreversible') return [`CANNOT BE UNDONE: ${step.undo.map(harmless).join(' ')}`];
  return step.undo.map((line) => `undone by: ${harmless(line)}`);
}

export const kindWords = {
  check: 'a check',
  confirm: 'a gate: waits for your agreement',
  manual: 'a gate: waits for work by hand',
  reboot: 'a gate: waits for a reboot',
  soak: 'a gate: watches for health',
} as const;
