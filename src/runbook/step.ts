import type { Body, Retry, Schema } from './body.ts';
import type { ReadContext, StepContext } from './context.ts';
import type { Duration } from './gate.ts';
import type { Json } from './json.ts';
import type { Operation, Reversal } from './operation.ts';
import type { RunbookTypeError } from './type-error.ts';
import type { Undo, UndoNeed } from './undo.ts';

/** Outputs by step id. */
export type Done = Record<string, unknown>;

/** Outputs of the needed steps. */
export type OutputsOf<Steps, Needs> = { readonly [Id in NoInfer<Needs> & keyof Steps]: Steps[Id] };

/** What every step and gate may say, whatever it does. */
export interface StepOptions<Params, Steps extends Done, Needs extends string, When extends boolean> {
  /** Ids of earlier steps that must be done first. */
  readonly needs?: readonly (Needs & keyof Steps & string)[];
  /** A line for people; the id when left out. */
  readonly title?: string;
  /** Skips the step when it gives false; its output is then undefined. */
  readonly when?: (context: StepContext<Params, OutputsOf<Steps, Needs>>) => When;
  /** Steps that hold the same lock never run at the same time. */
  readonly locks?: readonly string[];
  /** What a failure means for the run; `stop` when left out. */
  readonly onFailure?: 'stop' | 'continue' | 'rollback';
}

/** For a step that can cut the operator off. */
interface GoesBack {
  /**
   * How long after its start somebody must have confirmed, from a login made since, that the machine can
   * still be reached; else the step is undone. Nothing else begins until then.
   */
  readonly confirmWithin?: Duration;
}

interface CannotGoBack {
  readonly confirmWithin?: RunbookTypeError<'confirmWithin undoes the step when nobody confirms, so it needs an undo'>;
}

type UndoneBy<Params, Outputs, Input, Captured> =
  | {
      readonly undo: Undo<Params, Outputs, Input, Captured>;
      /** What the undo consumes; asked for before a rollback begins. */
      readonly undoNeeds?: readonly UndoNeed<Params, Outputs, Input, Captured>[];
      readonly irreversible?: never;
      readonly readonly?: never;
      readonly confirmWithin?: GoesBack['confirmWithin'];
    }
  | {
      readonly irreversible: string;
      readonly undo?: never;
      readonly readonly?: never;
      readonly confirmWithin?: CannotGoBack['confirmWithin'];
    }
  | {
      readonly readonly: true;
      readonly undo?: never;
      readonly irreversible?: never;
      readonly confirmWithin?: CannotGoBack['confirmWithin'];
    }
  | {
      /** What is to be decided. Until it is, the step is shown as irreversible, and runs in rehearsals only. */
      readonly undecided: string;
      readonly undo?: never;
      readonly irreversible?: never;
      readonly readonly?: never;
      readonly confirmWithin?: CannotGoBack['confirmWithin'];
    }
  // The last alternative is the one that the compiler names when none fits.
  | { readonly undo: RunbookTypeError<'say how this step is undone: undo, irreversible or readonly'> };

/** Takes effect at the next boot only; a rollback undoes such steps first and then asks for a reboot. */
interface Effective {
  readonly effective?: 'now' | 'at-boot';
}

export type InlineStep<
  Params,
  Steps extends Done,
  Needs extends string,
  When extends boolean,
  Captured,
  Output extends Schema,
> = StepOptions<Params, Steps, Needs, When> &
  Effective & { readonly use?: never; readonly with?: never } & Body<
    Params,
    OutputsOf<Steps, Needs>,
    undefined,
    Captured,
    Output
  > &
  UndoneBy<Params, OutputsOf<Steps, Needs>, undefined, Captured>;

export type OperationStep<
  Params,
  Steps extends Done,
  Needs extends string,
  When extends boolean,
  Input,
  Captured,
  Output extends Schema,
  R extends Reversal,
> = StepOptions<Params, Steps, Needs, When> &
  Effective & {
    readonly use: Operation<Input, Captured, Output, R>;
    /** Instead of the operation's own. */
    readonly retry?: Retry;
    readonly timeout?: Duration;
    readonly with: (context: StepContext<Params, OutputsOf<Steps, Needs>>) => NoInfer<Input>;
  } & (R extends 'irreversible' ? { readonly irreversible: string } : { readonly irreversible?: string }) &
  (R extends 'undo' ? GoesBack : CannotGoBack);

/** A verdict with its evidence; the commands that the check ran are recorded without its doing. */
export interface Finding {
  readonly verdict: 'PASS' | 'PARTIAL' | 'FAIL' | 'BLOCKED';
  readonly observed: string;
  /** Of BLOCKED, since this host cannot tell: what would let it. Without it `observed` says so. */
  readonly unblock?: string;
  /** Figures and names, beside the commands. */
  readonly evidence?: Readonly<Record<string, Json>>;
}

export interface CheckStep<
  Params,
  Steps extends Done,
  Needs extends string,
  When extends boolean,
> extends StepOptions<Params, Steps, Needs, When> {
  readonly expect: string;
  /**
   * Why a FAIL or PARTIAL of it is known, and lived with. The verdict stays what it is; reports mark it, and
   * name it among the risks that remain.
   */
  readonly knownLimitation?: string;
  readonly run: (
    context: ReadContext<Params, OutputsOf<Steps, Needs>, undefined>,
  ) => Finding | Promise<Finding>;
}
