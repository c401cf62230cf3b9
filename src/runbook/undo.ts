import type { BreakGlassCommand } from './break-glass.ts';
import type { Command } from './command.ts';
import type { ActContext, CapturedContext } from './context.ts';
import type { LaterWrites, LaterWritesDecision } from './later-writes.ts';

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

/** For an undo that is code. */
export interface UndoContext<
  Params = unknown,
  Outputs = unknown,
  Input = unknown,
  Captured = unknown,
> extends ActContext<Params, Outputs, Input, Captured> {
  /** What was decided about later writes; `undefined` when there were none to decide about. */
  readonly laterWrites: LaterWritesDecision | undefined;
}

/**
 * `true`; or what is wrong; or, as `later`, why it can be told only after the reboot in the middle of
 * the rollback, when it is asked again.
 */
export type UndoNeedAnswer = true | string | { readonly later: string };

/**
 * Something that an undo consumes. It is asked for before the first undo of a rollback, while all that
 * later steps did still stands, and must hold then too.
 */
export interface UndoNeed<Params = unknown, Outputs = unknown, Input = unknown, Captured = unknown> {
  /** Such as `the old copy`. */
  readonly name: string;
  /** Only reads. */
  readonly check: (
    context: CapturedContext<Params, Outputs, Input, Captured>,
  ) => UndoNeedAnswer | Promise<UndoNeedAnswer>;
  /** The undo does without it: its lack is told and stops no rollback. */
  readonly advisory?: true;
}

/** An undo that needs code. What a person does without this program must be said. */
export interface UndoCode<Params, Outputs, Input, Captured> {
  readonly describe: string | ((context: CapturedContext<Params, Outputs, Input, Captured>) => string);
  readonly run: (context: UndoContext<Params, Outputs, Input, Captured>) => Promise<void>;
  /**
   * What was written to the new side since the cut-over and would go with this undo; only reads. A
   * rollback begins only when it is decided what becomes of it, and `run` is given the decision.
   */
  readonly laterWrites?: (
    context: CapturedContext<Params, Outputs, Input, Captured>,
  ) => Promise<LaterWrites | undefined>;
  /** Commands for a rescue shell, or a sentence for a person. */
  readonly breakGlass:
    | string
    | ((context: CapturedContext<Params, Outputs, Input, Captured>) => readonly BreakGlassCommand[] | string);
}

export type Undo<Params, Outputs, Input, Captured> =
  | UndoData<Params, Outputs, Input, Captured>
  | UndoCode<Params, Outputs, Input, Captured>;
