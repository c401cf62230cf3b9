import type { Command } from './command.ts';
import type { ActContext, CapturedContext } from './context.ts';

/** Puts a file back as it was. Absent content means that there was no file, so it is removed. */
export interface RestoreFile {
  readonly restore: string;
  readonly content: string | null;
  readonly mode?: number;
  /** Its time of change, as `FileStat` gives it. */
  readonly mtime?: string;
  /** Refuse unless the file still holds this, so that nobody's later edit is lost. */
  readonly expect?: string;
}

export type UndoAction = Command | RestoreFile;

export function isRestoreFile(action: UndoAction): action is RestoreFile {
  return 'restore' in action;
}

/**
 * How a step is reversed, computed before the act from what was captured, and recorded with the
 * intent: so it works without the runbook. Each action must be safe when the act never happened and
 * safe when repeated; a `probe` that answers `not-started` skips them.
 */
export type UndoData<Params, Outputs, Input, Captured> = (
  context: CapturedContext<Params, Outputs, Input, Captured>,
) => readonly UndoAction[];

/** An undo that needs code. What a person does without this program must be said. */
export interface UndoCode<Params, Outputs, Input, Captured> {
  readonly describe: string | ((context: CapturedContext<Params, Outputs, Input, Captured>) => string);
  readonly run: (context: ActContext<Params, Outputs, Input, Captured>) => Promise<void>;
  /** Commands for a rescue shell, or a sentence for a person. */
  readonly breakGlass:
    | string
    | ((context: CapturedContext<Params, Outputs, Input, Captured>) => readonly Command[] | string);
}

export type Undo<Params, Outputs, Input, Captured> =
  | UndoData<Params, Outputs, Input, Captured>
  | UndoCode<Params, Outputs, Input, Captured>;
