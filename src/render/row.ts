import type { Style } from './style.ts';

/** One line of the list with what hangs beneath it. */
export interface Row {
  /** The same row from frame to frame. */
  readonly key: string;
  readonly state: RowState;
  /** Its first line, and further lines under it. */
  readonly lines: readonly string[];
  readonly rows: readonly Row[];
}

export type RowState =
  | 'waiting'
  | 'running'
  | 'retrying'
  | 'at-gate'
  | 'done'
  | 'skipped'
  | 'failed'
  | 'stopped'
  | 'undoing'
  | 'undone';

export interface FrameOptions {
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly columns: number;
  /** Lines that fit; `Infinity` shows everything that is open. */
  readonly height: number;
  readonly style: Style;
}
