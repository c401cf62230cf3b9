import type { RunStatusDocument, StatusDocument } from '../documents/status.ts';
import { formatDuration } from '../duration.ts';
import { harmless, harmlessLines } from '../harmless.ts';
import { formatMoment } from '../moment.ts';
import type { Style, Tone } from '../style.ts';
import { columns } from './columns.ts';
import { byPhase } from './phases.ts';
import { soakLines } from './soak.ts';
import { verdictTable } from './verdicts.ts';
import { wayBackLookText, wayBackText } from './way-back.ts';

type Step = RunStatusDocument['steps'][number];

/** @param now milliseconds since 1970 */
export function statusText(document: StatusDocument, style: Style, now: number): string {
  const none = document.runs.length + document.damaged.length === 0;
  return [
    ...(none ? [`No run is unfinished. ${latestText(document, now)}`] : []),
    ...document.runs.map((run) => runText(run, style, now)),
    ...document.damaged.map((run) => damagedText(run, style)),
    ...noticesText(document.notices, style, now),
  ].join('\n\n');
}

function latestText({ latest }: StatusDocument, now: number): string {
  return latest === undefined
    ? 'migrate list tells what there is to run.'
    : `See the latest, ${runWords[latest.status]} ${formatMoment(latest.lastAt, now)}: migrate status ${latest.run}`;
}

function noticesText({ waiting, since }: StatusDocument['notices'], style: Style, now: number): string[] {
  if (waiting === 0) return [];
  const from = since === null ? '' : `, the oldest of ${formatMoment(since, now)}`;
  const what = waiting === 1 ? 'A notice waits' : `${waiting} notices wait`;
  return [`${style('warning', `${what} to be told`)}${from}. Try again: migrate notify deliver`];
}

function damagedText({ run, message }: StatusDocument['damaged'][number], style: Style): string {
  return [
    `${style('strong', run)}  ${style('bad', 'its journal cannot be believed')}`,
    ...harmlessLines(message),
    `migrate doctor ${run} tells what is known all the same, and what can be done.`,
  ].join('\n');
}

const runWords: Record<RunStatusDocument['status'], string> = {
  running: 'unfinished',
  completed: 'complete',
  ended: 'ended with FAIL',
  'rolling-back': 'rolling back',
  'rolled-back': 'rolled back',
  aborted: 'aborted',
  moved: 'moved elsewhere',
};

function runText(run: RunStatusDocument, style: Style, now: number): string {
  const over = ['done', 'skipped', ...(run.status === 'ended' ? ['failed'] : [])];
  const done = run.steps.filter(({ status }) => over.includes(status)).length;
  const work = run.atWork === null ? '' : `, process ${run.atWork} works on it`;
  const rows = columns(
    run.steps.map((step) => stepRow(step, style)),
    '  ',
  );
  return [
    `${style('strong', run.run)}  ${harmless(run.summary)}`,
    `${runWords[run.status]}${work}; ${done} of ${run.steps.length} steps; begun ${formatMoment(run.startedAt, now)} on ${run.host}, last event ${formatMoment(run.lastAt, now)}`,
    '',
    ...byPhase(run.steps).flatMap((group) => [
      ...(group.phase === undefined ? [] : [style('strong', harmless(group.phase))]),
      ...group.steps.map((step) => rows[run.steps.indexOf(step)] ?? ''),
    ]),
    ...checkLines(run, style),
    ...run.gates.flatMap((gate) => ['', ...gateLines(gate, style, now)]),
    '',
    ...(run.next.length === 0 ? [] : [`Next: ${run.next.join('\n  or: ')}`]),
    wayBackText(run.run, run.wayBack, now),
    ...toText(run),
    ...wayBackLookText({ needs: run.wayBack.needs ?? [], laterWrites: run.wayBack.laterWrites ?? [] }, style),
  ].join('\n');
}

/** Once any of them has said something. */
function checkLines({ checks = [] }: RunStatusDocument, style: Style): string[] {
  return checks.some(({ verdict }) => verdict !== null) ? ['', ...verdictTable(checks, style)] : [];
}

/** In part it can go back to any of these; the latest are the likeliest. */
function toText({ run, wayBack: { open, to } }: RunStatusDocument): string[] {
  if (!open || to.length === 0) return [];
  const more = to.length > 4 ? ` and ${to.length - 4} earlier` : '';
  return [
    `Or in part, to one of: ${to.slice(0, 4).join(', ')}${more}; migrate rollback ${run} --to ${to[0]}`,
  ];
}

const marks: Record<Step['status'], readonly [mark: string, tone: Tone]> = {
  pending: [' ', 'plain'],
  started: ['>', 'warning'],
  interrupted: ['?', 'warning'],
  failed: ['x', 'bad'],
  partial: ['?', 'warning'],
  'not-started': [' ', 'plain'],
  waiting: ['=', 'warning'],
  done: ['+', 'good'],
  skipped: ['-', 'faint'],
  undoing: ['<', 'warning'],
  'undo-failed': ['x', 'bad'],
  undone: ['<', 'faint'],
};

function stepRow(step: Step, style: Style): string[] {
  const [mark, tone] = marks[step.status];
  const title = step.title === step.id ? '' : harmless(step.title);
  const status = step.status === 'pending' ? '' : style(tone, step.status);
  const said = step.verdict === undefined ? [step.note, step.error] : [step.verdict];
  const more = [step.attempts > 1 ? `${step.attempts} attempts` : undefined, ...said]
    .filter((part) => part !== undefined)
    .map(harmless);
  return [`${mark} ${step.id}`, title, [status, ...more].filter(Boolean).join('; ')];
}

function gateLines(gate: RunStatusDocument['gates'][number], style: Style, now: number): string[] {
  const [first = '', ...rest] = harmlessLines(gate.says);
  const lines = [`${style('warning', `${gate.step} waits:`)} ${first}`, ...rest.map((line) => `  ${line}`)];
  if (gate.undoneAt !== undefined)
    lines.push(style('bad', `  taken back ${formatMoment(gate.undoneAt, now)} unless somebody confirms it`));
  if (gate.kind !== 'soak') return lines;
  if (gate.minMs !== undefined) {
    lines.push(
      `  observed healthy for ${formatDuration(gate.countedMs ?? 0)} of ${formatDuration(gate.minMs)}`,
    );
  }
  if (gate.opensAt !== undefined) lines.push(`  opens ${formatMoment(gate.opensAt, now)} at the earliest`);
  return [...lines, ...soakLines(gate, style, now).map((line) => `  ${line}`)];
}
