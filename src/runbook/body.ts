import type { z } from 'zod';
import type { Command } from './command.ts';
import type { ActContext, CapturedContext, ReadContext } from './context.ts';
import type { Duration } from './gate.ts';
import type { CommandResult } from './host.ts';
import type { Json } from './json.ts';
import type { RunbookTypeError } from './type-error.ts';

export type Schema = z.ZodType | undefined;

/** What a step's output is to the steps that need it. */
export type OutputOf<S extends Schema> = S extends z.ZodType ? z.output<S> : undefined;
type Returned<S extends Schema> = S extends z.ZodType
  ? z.input<S>
  : void | RunbookTypeError<'what a step gives to others needs a schema in `output`'>;

/**
 * What a probe says of a step: `done` (with its output, where it has one), `not-started`, `partial`
 * (begun; running it again completes it) or `unknown` (a person must look).
 */
export type ProbeAnswer<S extends Schema> =
  | (S extends z.ZodType ? { readonly done: z.input<S> } : 'done')
  | 'not-started'
  | 'partial'
  | 'unknown'
  | { readonly unknown: string };

export interface Retry {
  /** Tries after the first. */
  readonly retries: number;
  /** Milliseconds before the second try; it doubles from then on. 1000 when left out. */
  readonly minDelayMs?: number;
  readonly maxDelayMs?: number;
}

/** Facts that a read-only dry run found, for the plan. */
export interface Preview {
  readonly summary: string;
  readonly facts: Readonly<Record<string, Json>>;
}

interface BodyBase<Params, Outputs, Input, Captured, Output extends Schema> {
  /** Reads what the act will change, before the first attempt; write it first, so that its type flows. */
  readonly capture?: (context: ReadContext<Params, Outputs, Input>) => Captured | Promise<Captured>;
  /** The schema of what the step gives to those that need it. */
  readonly output?: Output;
  readonly probe?: (
    context: CapturedContext<Params, Outputs, Input, Captured>,
  ) => ProbeAnswer<Output> | Promise<ProbeAnswer<Output>>;
  /** Proves the result, before the checkpoint. Throws when it is not as it should be. */
  readonly verify?: (
    context: CapturedContext<Params, Outputs, Input, Captured> & { readonly output: OutputOf<Output> },
  ) => void | Promise<void>;
  /** How a person goes back by what this step has saved, when no undo can any more: commands or words. */
  readonly lastResort?: (
    context: CapturedContext<Params, Outputs, Input, Captured> & { readonly output: OutputOf<Output> },
  ) => readonly (string | Command)[];
  /** Changes nothing; what a dry run finds out for the plan. */
  readonly preview?: (context: ReadContext<Params, Outputs, Input>) => Promise<Preview>;
  /** Running it twice does no harm and ends alike: an interrupted attempt is simply run again. */
  readonly idempotent?: boolean;
  readonly retry?: Retry;
  readonly timeout?: Duration;
}

interface CommandsBody<Params, Outputs, Input, Captured, Output extends Schema> extends BodyBase<
  Params,
  Outputs,
  Input,
  Captured,
  Output
> {
  readonly commands: (context: CapturedContext<Params, Outputs, Input, Captured>) => readonly Command[];
  readonly run?: never;
  readonly describe?: never;
}

interface RunBody<Params, Outputs, Input, Captured, Output extends Schema> extends BodyBase<
  Params,
  Outputs,
  Input,
  Captured,
  Output
> {
  readonly run: (context: ActContext<Params, Outputs, Input, Captured>) => Promise<Returned<Output>>;
  /** What `run` will do, for the plan; where it calls programs, their commands. */
  readonly describe:
    | string
    | ((
        context: CapturedContext<Params, Outputs, Input, Captured>,
      ) => string | readonly (string | Command)[]);
  readonly commands?: never;
  readonly result?: never;
}

type Result<Params, Outputs, Input, Captured, Output extends Schema> = (
  context: CapturedContext<Params, Outputs, Input, Captured> & {
    readonly results: readonly CommandResult[];
  },
) => Returned<Output> | Promise<Returned<Output>>;

/** Reads the output from what the commands printed; there must be one exactly when there is an output. */
type ResultOf<Params, Outputs, Input, Captured, Output extends Schema> = Output extends z.ZodType
  ? { readonly result: Result<Params, Outputs, Input, Captured, Output> }
  : { readonly result?: never };

export type Body<Params, Outputs, Input, Captured, Output extends Schema> =
  | (CommandsBody<Params, Outputs, Input, Captured, Output> &
      ResultOf<Params, Outputs, Input, Captured, Output>)
  | RunBody<Params, Outputs, Input, Captured, Output>;
