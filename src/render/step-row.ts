import { quoteWord } from '../runbook/index.ts';
import { formatDuration } from './duration.ts';
import type { FrameOptions, Row, RowState } from './row.ts';
import { harmless, harmlessLines } from './harmless.ts';
import { formatMoment } from './moment.ts';
import { formatProgress, percentOf } from './progress.ts';
import { notCountedText, readingLines } from './readings.ts';
import type { Gate, StepView } from './view.ts';

/** A running step shows how long it runs from here on. */
const elapsedFromMs = 5_000;

const states: Record<StepView['status'], RowState> = {
  waiting: 'waiting',
  running: 'running',
  retrying: 'retrying',
  'at-gate': 'at-gate',
  done: 'done',
  skipped: 'skipped',
  failed: 'failed',
  interrupted: 'stopped',
  'in-doubt': 'stopped',
  undoing: 'undoing',
  undone: 'undone',
  'undo-failed': 'failed',
};

/** A step as the list shows it: its title with what is worth a word, and beneath it what it does right now. */
export function stepRow(step: StepView, options: FrameOptions): Row {
  const { style } = options;
  const suffix = suffixOf(step, options.now);
  const title = harmless(step.node.title);
  return {
    key: `step:${step.node.id}`,
    state: states[step.status],
    lines: [suffix === '' ? title : `${title}  ${style('faint', suffix)}`, ...under(step, options)],
    rows: [],
  };
}

function suffixOf(step: StepView, now: number): string {
  const parts: (string | undefined)[] = [];
  if (step.attempt > 1 && step.status === 'running') parts.push(`attempt ${step.attempt}`);
  switch (step.status) {
    case 'running':
    case 'retrying':
    case 'undoing': {
      const elapsed = step.since === undefined ? 0 : now - Date.parse(step.since);
      if (step.status === 'undoing') parts.push('undoing');
      if (elapsed >= elapsedFromMs) parts.push(formatDuration(elapsed));
      break;
    }
    case 'done':
      // How long a person took to agree is nobody's business.
      if (step.tookMs !== undefined && step.tookMs >= 100 && !['confirm', 'manual'].includes(step.node.kind))
        parts.push(formatDuration(step.tookMs));
      parts.push(step.note);
      break;
    case 'skipped':
      parts.push(`skipped: ${step.note ?? ''}`);
      break;
    case 'undone':
      parts.push('undone', step.note);
      break;
    case 'in-doubt':
      parts.push('in doubt: it was begun and never ended');
      break;
    case 'interrupted':
      parts.push('interrupted');
      break;
    case 'failed':
      parts.push('failed');
      break;
    case 'undo-failed':
      parts.push('could not be undone');
      break;
    case 'waiting':
    case 'at-gate':
      break;
  }
  return harmless(parts.filter((part) => part !== undefined && part !== '').join(' · '));
}

function under(step: StepView, options: FrameOptions): string[] {
  const { style, columns } = options;
  switch (step.status) {
    case 'running':
    case 'retrying':
    case 'undoing': {
      const lines: string[] = [];
      if (step.command !== undefined) {
        lines.push(style('faint', cut(`$ ${step.command.map(quoteWord).join(' ')}`, columns)));
      } else if (step.describe?.[0] !== undefined && step.progress === undefined) {
        lines.push(style('faint', cut(step.describe[0], columns)));
      }
      if (step.status === 'retrying' && step.note !== undefined) {
        lines.push(style('warning', cut(step.note, columns)));
      }
      if (step.progress !== undefined)
        lines.push(bar(step, options) + cut(formatProgress(step.progress), columns));
      else if (step.lastLine !== undefined) lines.push(style('faint', cut(step.lastLine, columns)));
      return lines;
    }
    case 'at-gate':
      return step.gate === undefined ? [] : gateLines(step.gate, options);
    case 'failed':
    case 'undo-failed':
      return step.failure === undefined
        ? []
        : [
            ...harmlessLines(step.failure.message).map((line) => style('bad', line)),
            ...(step.failure.hint === undefined ? [] : harmlessLines(step.failure.hint)),
          ];
    default:
      return [];
  }
}

function gateLines(gate: Gate, { style, now }: FrameOptions): string[] {
  const says = harmlessLines(gate.says).map((line) => style('warning', line));
  if (gate.kind !== 'soak' || gate.minMs === undefined) return says;
  const counted = gate.countedMs === undefined ? '' : `${formatDuration(gate.countedMs)} of `;
  const lines = [...says, `observed healthy ${counted}${formatDuration(gate.minMs)}`];
  if (gate.opensAt !== undefined)
    lines.push(style('faint', `opens ${formatMoment(gate.opensAt, now)} at the earliest`));
  for (const { tone, text } of readingLines(gate.readings ?? {})) lines.push(style(tone, harmless(text)));
  if (gate.nextLookAt !== undefined)
    lines.push(style('faint', `looks again ${formatMoment(gate.nextLookAt, now)}`));
  const lost = gate.notCounted?.map(notCountedText) ?? [];
  if (lost.length === 0 && gate.why !== undefined) lost.push(gate.why);
  for (const text of lost) lines.push(style('faint', harmless(text)));
  return lines;
}

/** A short bar in front of the numbers, where there is room and a total. */
function bar(step: StepView, { columns, style }: FrameOptions): string {
  const progress = step.progress;
  const percent =
    percentOf(progress?.doneBytes, progress?.totalBytes) ??
    percentOf(progress?.doneFiles, progress?.totalFiles);
  if (percent === undefined || columns < 100) return '';
  const full = Math.floor(percent / 10);
  return `${style('good', '━'.repeat(full))}${style('faint', '━'.repeat(10 - full))} `;
}

/** Cut to one line, leaving room for icons and indentation. */
function cut(text: string, columns: number): string {
  const clean = harmless(text);
  const room = Math.max(20, columns - 8);
  const characters = Array.from(clean);
  return characters.length <= room ? clean : `${characters.slice(0, room - 1).join('')}…`;
}
