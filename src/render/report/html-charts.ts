import type { Chart, Pace, ReportDocument, ReportStep, Span } from '../documents/report.ts';
import { formatRate } from '../rate.ts';
import { formatBytes } from '../bytes.ts';
import { axisOf, type Axis } from './axis.ts';
import { html, noHtml, type Html } from './html-text.ts';
import { dateText, endWords, outcomeWords, spanText, spanWords, timeText } from './words.ts';

/** In percent of the width: anything shorter would not be seen. */
const thinnest = 0.6;

/** What ran when: a bar a step, all of one time axis; its words are text, so that they keep their size on a phone. */
export function gantt(phases: ReportDocument['phases']): Html {
  const steps = phases.flatMap((phase) => phase.steps).filter(({ spans }) => spans.length > 0);
  if (steps.length === 0) return noHtml;
  const axis = axisOf(steps.flatMap(({ spans }) => spans));
  return html`<section id="when">
    <h2>What ran when</h2>
    <p class="axis">
      <span>${dateText(new Date(axis.from).toISOString())}</span
      ><span>${dateText(new Date(axis.to).toISOString())}</span>
    </p>
    <ol class="bars" id="gantt">
      ${steps.map((step) => ganttRow(step, axis))}
    </ol>
    <p class="legend">
      ${legend.map(([looks, words]) => html`<span class="pair"><span class="key ${looks}"></span>${words}</span> `)}${axis.shortened ? html`Long waits are drawn shorter than they were.` : noHtml}
    </p>
  </section>`;
}

const legend = [
  ['work', 'at work'],
  ['wait', 'waiting'],
  ['undo', 'being undone'],
  ['failed', 'failed, or no end known'],
] as const;

function ganttRow(step: ReportStep, axis: Axis): Html {
  return html`<li>
    <div class="bar-words">
      <b>${step.id}</b><span>${outcomeWords[step.outcome]}, ${timeText(step)}</span>
    </div>
    <svg width="100%" height="12" role="img" aria-label="${step.spans.map(spanWordsOf).join('; ')}">
      <rect class="lane" width="100%" height="12" rx="3" />
      ${step.spans.map((span) => bar(span, axis))}
    </svg>
  </li> `;
}

function bar(span: Span, axis: Axis): Html {
  const from = axis.place(Date.parse(span.from)) * 100;
  const width = Math.max(thinnest, axis.place(Date.parse(span.to)) * 100 - from);
  const looks =
    span.ended === 'failed' || (span.ended === 'never' && span.doing !== 'wait') ? 'failed' : span.doing;
  return html`<rect
    class="${looks}"
    data-doing="${span.doing}"
    x="${percent(Math.min(from, 100 - width))}"
    width="${percent(width)}"
    height="12"
    rx="3"
  />`;
}

function spanWordsOf({ doing, from, to, ended }: Span): string {
  const ms = Math.max(0, Date.parse(to) - Date.parse(from));
  return `${spanWords[doing]} from ${dateText(from)} for ${spanText(ms)}${endWords[ended]}`;
}

/** How fast each copy went, over its time. */
export function paces(given: readonly Pace[]): Html {
  if (given.length === 0) return noHtml;
  return html`<section id="speed">
    <h2>How fast it went</h2>
    ${given.map(paceFigure)}
  </section>`;
}

const paceHeight = 96;

function paceFigure({ step, attempt, doing, bytes, tookMs, meanRate, peakRate, rates }: Pace): Html {
  const height = (rate: number) => (peakRate === 0 ? 0 : (rate / peakRate) * paceHeight);
  const again = attempt > 1 ? `, attempt ${attempt}` : '';
  const words = `${doing}${again}: ${formatBytes(bytes)} in ${spanText(tookMs)}, ${formatRate(meanRate)} on average, ${formatRate(peakRate)} at most`;
  return html`<figure>
    <figcaption><b>${step}</b> ${words}</figcaption>
    <svg class="pace" width="100%" height="${paceHeight}" role="img" aria-label="${words}">
      ${rates.map(
        ({ fromMs, toMs, rate }) =>
          html`<rect
            class="work"
            x="${percent((fromMs / tookMs) * 100)}"
            width="${percent(((toMs - fromMs) / tookMs) * 100)}"
            y="${round(paceHeight - height(rate))}"
            height="${round(height(rate))}"
          />`,
      )}
      <line
        class="mean"
        x1="0"
        x2="100%"
        y1="${round(paceHeight - height(meanRate))}"
        y2="${round(paceHeight - height(meanRate))}"
      />
    </svg>
    <p class="axis"><span>0s</span><span>line: on average</span><span>${spanText(tookMs)}</span></p>
  </figure> `;
}

/** What a check compared, with its spread where that is known. */
export function chartFigure({ title, unit, bars }: Chart): Html {
  const most = Math.max(...bars.flatMap(({ value, high = 0 }) => [value, high]));
  const place = (value: number) => percent(most === 0 ? 0 : (value / most) * 100);
  return html`<figure>
    <figcaption><b>${title}</b> (${unit})</figcaption>
    <ol class="bars">
      ${bars.map(({ label, value, low, high }) => {
        const spread = low === undefined || high === undefined ? '' : ` (${number(low)} to ${number(high)})`;
        return html`<li>
          <div class="bar-words"><span>${label}</span><span>${number(value)} ${unit}${spread}</span></div>
          <svg width="100%" height="12" role="img" aria-label="${number(value)} ${unit}">
            <rect class="lane" width="100%" height="12" rx="3" />
            <rect class="work" width="${place(value)}" height="12" rx="3" />
            ${
              low === undefined || high === undefined
                ? noHtml
                : html`<line class="mean" x1="${place(low)}" x2="${place(high)}" y1="6" y2="6" />`
            }
          </svg>
        </li> `;
      })}
    </ol>
  </figure> `;
}

function percent(value: number): string {
  return `${round(value)}%`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

export function number(value: number): string {
  return value.toLocaleString('en-US', { maximumSignificantDigits: 4 });
}
