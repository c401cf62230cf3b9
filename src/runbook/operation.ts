import type { z } from 'zod';
import type { Body, Schema } from './body.ts';
import type { Undo, UndoNeed } from './undo.ts';

/** How a step can be taken back: by its undo, not at all, or there is nothing to take back. */
export type Reversal = 'undo' | 'irreversible' | 'readonly';

/** A reusable step body, given to a step as `use` with its input in `with`. */
export type Operation<Input, Captured, Output extends Schema, R extends Reversal> = {
  readonly operation: string;
  /** Part of a run's fingerprint: raise it when the meaning of a done step changes. */
  readonly version: number;
  /** What `with` must give; validated before anything else of the operation runs. */
  readonly input: z.ZodType<Input>;
  readonly reversal: R;
} & Body<unknown, unknown, Input, Captured, Output> &
  UndoOf<R, Input, Captured>;

type UndoOf<R extends Reversal, Input, Captured> = R extends 'undo'
  ? {
      readonly undo: Undo<unknown, unknown, Input, Captured>;
      /** What the undo consumes; asked for before a rollback begins. */
      readonly undoNeeds?: readonly UndoNeed<unknown, unknown, Input, Captured>[];
    }
  : { readonly undo?: never; readonly undoNeeds?: never };

/** Defines an operation; gives it back as it is, with its types. */
export function operation<
  const R extends Reversal,
  Input,
  Captured = undefined,
  Output extends Schema = undefined,
>(definition: Operation<Input, Captured, Output, R>): Operation<Input, Captured, Output, R> {
  return definition;
}
