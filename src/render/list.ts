import type { Clock } from '../runbook/index.ts';
import { foldView, viewOf } from './fold-view.ts';
import { frameOf } from './frame.ts';
import { taskBoard, type TaskBoard } from './task-board.ts';
import { harmlessLines } from './harmless.ts';
import type { Renderer } from './renderer.ts';
import type { Row } from './row.ts';
import { styleFor } from './style.ts';
import { emptyView, type View } from './view.ts';

/** How often elapsed time and countdowns move when nothing else does. */
const tickMs = 1000;

export interface ListOptions {
  readonly clock: Clock;
  readonly colour: boolean;
  /** The size of the terminal right now. */
  readonly size: () => { readonly columns: number; readonly rows: number };
  /** The terminal shows more than ASCII. */
  readonly unicode: boolean;
}

/**
 * The live list on a terminal. It only projects events: listr2 draws, and neither runs nor retries nor
 * undoes anything.
 */
export async function listRenderer(options: ListOptions): Promise<Renderer> {
  const style = styleFor(options.colour);
  let view: View = emptyView;
  let notices: readonly string[] = [];
  let board: TaskBoard | undefined = await taskBoard({ style, unicode: options.unicode });
  const draw = (height?: number) => {
    const { columns, rows } = options.size();
    const frame = frameOf(view, {
      now: options.clock.now().wall,
      columns,
      height: (height ?? rows - 2) - notices.length,
      style,
    });
    board?.show([...frame, ...notices.map((text, index) => noticeRow(text, index))]);
  };
  const ticking = setInterval(draw, tickMs);
  ticking.unref();
  return {
    begin(history) {
      view = viewOf(history);
      draw();
    },
    tell(live) {
      view = foldView(view, live);
      draw();
    },
    notice(text) {
      notices = [...notices, text];
      draw();
    },
    async whileAsking(ask) {
      board?.clear();
      board = undefined;
      try {
        return await ask();
      } finally {
        board = await taskBoard({ style, unicode: options.unicode });
        draw();
      }
    },
    end() {
      clearInterval(ticking);
      // The last frame stays on the screen, so it may be longer than the screen.
      draw(Infinity);
      board?.leave();
      board = undefined;
    },
  };
}

function noticeRow(text: string, index: number): Row {
  return { key: `notice:${index}`, state: 'stopped', lines: harmlessLines(text), rows: [] };
}
