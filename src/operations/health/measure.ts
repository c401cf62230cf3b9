import type { Json, ReadContext, StepContext } from '../../runbook/index.ts';

/** From where on a figure is a warning, and from where on critical: beyond the number, not at it. */
export interface Limits {
  /** Of the figure and of its limits, such as `h`, `%` or `snapshots`. */
  readonly unit: string;
  readonly warning?: number | undefined;
  readonly critical?: number | undefined;
  /** Which way it gets worse; `above` when left out. */
  readonly worse?: 'above' | 'below' | undefined;
}

/** A figure as it was found. */
export interface Measured {
  /** Infinite where there is nothing to measure, and that is as bad as it can be: the age of no backup. */
  readonly value: number;
  /** For a person: where the figure comes from. */
  readonly observed: string;
  readonly evidence?: Readonly<Record<string, Json>>;
}

/** A question to the world whose answer is a number, and what numbers are bad. */
export interface Measure<Params = unknown, Outputs = unknown> extends Limits {
  readonly name: string;
  /** Only reads. Throws where it cannot be told; that is never taken for a good figure. */
  readonly measure: (context: Asking<Params, Outputs>) => Promise<number | Measured> | number | Measured;
}

export type Asking<Params, Outputs> = ReadContext<Params, Outputs, undefined>;

/** Input as it is, or computed from the runbook's parameters and outputs when it is asked for. */
export type Given<Input, Params, Outputs> = Input | ((context: StepContext<Params, Outputs>) => Input);

export function givenNow<Input extends object, Params, Outputs>(
  given: Given<Input, Params, Outputs>,
  context: StepContext<Params, Outputs>,
): Input {
  return typeof given === 'function' ? given(context) : given;
}
