import type { LiveEvent } from '../engine/ports.ts';
import { foldView, viewOf } from './fold-view.ts';
import { harmless } from './harmless.ts';
import { formatStamp } from './moment.ts';
import type { Output, Renderer, Verbosity } from './renderer.ts';
import { styleFor, type Style } from './style.ts';
import { tellingOf, type Telling } from './telling.ts';
import { emptyView, type View } from './view.ts';

/** Between two lines of progress of one step, where nothing but numbers changed. */
const progressEveryMs = 30_000;
const countdownEveryMs = 60 * 60_000;

export interface LinesOptions {
  readonly output: Output;
  readonly verbosity: Verbosity;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly colour?: boolean;
}

/** One plain line an event, with its time: for logs, pipes, `systemd-run` and terminals that can do no more. */
export function linesRenderer(options: LinesOptions): Renderer {
  const style = styleFor(options.colour ?? false);
  const due = spacing();
  let view: View = emptyView;
  return {
    begin(history) {
      view = viewOf(history);
    },
    tell(live) {
      const telling = tellingOf(live, view);
      view = foldView(view, live);
      if (!shows(telling, options.verbosity) || !due(live, options.now())) return;
      const at = live.type === 'journaled' ? live.event.at : new Date(options.now()).toISOString();
      options.output.write(`${lineOf(telling, at, style)}\n`);
    },
    notice(text) {
      const at = new Date(options.now()).toISOString();
      options.output.write(`${lineOf({ text, tone: 'warning', weight: 'operator' }, at, style)}\n`);
    },
    whileAsking: (ask) => ask(),
    end() {},
  };
}

/** The line of a telling: time, step, text; always exactly one line, whatever the text holds. */
export function lineOf(telling: Telling, at: string, style: Style): string {
  const text = harmless(telling.text.trim().replaceAll(/\s*\n\s*/g, ' '));
  const step = telling.step === undefined ? '' : `${telling.step}: `;
  return `${style('faint', formatStamp(at))} ${step}${style(telling.tone, text)}`;
}

export function shows(telling: Telling, verbosity: Verbosity): boolean {
  if (verbosity === 'quiet') return telling.weight === 'operator';
  return telling.weight !== 'detail' || verbosity === 'verbose';
}

/** Tells whether an event is due, so that progress and countdowns do not flood a log. */
function spacing(): (live: LiveEvent, now: number) => boolean {
  const last = new Map<string, { readonly at: number; readonly what: string }>();
  return (live, now) => {
    if (live.type !== 'progress' && live.type !== 'countdown') return true;
    const what = live.type === 'progress' ? live.progress.doing : (live.why ?? '');
    const every = live.type === 'progress' ? progressEveryMs : countdownEveryMs;
    const before = last.get(live.step);
    if (before !== undefined && before.what === what && now - before.at < every) return false;
    last.set(live.step, { at: now, what });
    return true;
  };
}
