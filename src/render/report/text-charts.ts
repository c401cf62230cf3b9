import type { Chart, Pace, ReportDocument, Span } from '../documents/report.ts';
import { axisOf } from './axis.ts';
import { outcomeWords, timeText } from './words.ts';
import { number } from './html-charts.ts';

const columns = 40;
const marks: Readonly<Record<Span['doing'], string>> = { work: '#', wait: '.', undo: '<' };
const longestName = 28;

/** The picture of what ran when, for readers of text: `#` at work, `.` waiting, `<` being undone, `x` no good end. */
export function ganttText(phases: ReportDocument['phases']): string[] {
  const steps = phases.flatMap((phase) => phase.steps).filter(({ spans }) => spans.length > 0);
  if (steps.length === 0) return [];
  const axis = axisOf(steps.flatMap(({ spans }) => spans));
  const width = Math.min(longestName, Math.max(...steps.map(({ id }) => id.length)));
  return steps.map((step) => {
    const cells = Array.from({ length: columns }, () => ' ');
    for (const span of step.spans) {
      const from = Math.min(columns - 1, Math.floor(axis.place(Date.parse(span.from)) * columns));
      const to = Math.max(from + 1, Math.ceil(axis.place(Date.parse(span.to)) * columns));
      const bad = span.ended === 'failed' || (span.ended === 'never' && span.doing !== 'wait');
      cells.fill(bad ? 'x' : marks[span.doing], from, Math.min(columns, to));
    }
    return `${cut(step.id, width).padEnd(width)} |${cells.join('')}| ${outcomeWords[step.outcome]}, ${timeText(step)}`;
  });
}

const heights = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const;

/** Rates over time, as high as their share of the highest. */
export function sparkline({ rates, peakRate }: Pace): string {
  return rates
    .map(({ rate }) => heights[Math.min(7, Math.floor(peakRate === 0 ? 0 : (rate / peakRate) * 8))] ?? '▁')
    .join('');
}

export function chartText({ bars, unit }: Chart): string[] {
  const most = Math.max(...bars.map(({ value }) => value));
  const width = Math.min(longestName, Math.max(...bars.map(({ label }) => label.length)));
  return bars.map(({ label, value, low, high }) => {
    const length = Math.round(most === 0 ? 0 : (value / most) * columns);
    const spread = low === undefined || high === undefined ? '' : ` (${number(low)} to ${number(high)})`;
    return `${cut(label, width).padEnd(width)} |${'#'.repeat(length).padEnd(columns)}| ${number(value)} ${unit}${spread}`;
  });
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}
