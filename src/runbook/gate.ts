import type { z } from 'zod';
import type { ReadContext, StepContext } from './context.ts';

/** A duration: milliseconds, or text such as `90s`, `30m`, `24h`, `7d`. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`;

type Text<Params, Outputs> = string | ((context: StepContext<Params, Outputs>) => string);

export interface ConfirmGate<Params, Outputs, Input extends z.ZodObject | undefined> {
  /** What the operator says yes to. */
  readonly ask: Text<Params, Outputs>;
  /** Answers that the operator must give, as `--set key=value`; they become the gate's output. */
  readonly input?: Input;
}

export interface ManualGate<Params, Outputs, Input extends z.ZodObject | undefined> {
  /** What the operator must do by hand. `--yes` never answers it. */
  readonly instructions: Text<Params, Outputs>;
  readonly input?: Input;
  /** Whether it was done, where the machine can tell. */
  readonly probe?: (context: ReadContext<Params, Outputs, undefined>) => boolean | Promise<boolean>;
}

export interface RebootGate<Params, Outputs> {
  /** How to reboot here, such as `wsl --shutdown` from Windows. */
  readonly instructions: Text<Params, Outputs>;
  /** What must hold after the boot. Throws when it does not. */
  readonly verify?: (context: ReadContext<Params, Outputs, undefined>) => void | Promise<void>;
}

/** One health question of a soak. */
export interface HealthProbe<Params, Outputs> {
  readonly name: string;
  /** Gives true when healthy, else false or the reason. */
  readonly check: (
    context: ReadContext<Params, Outputs, undefined>,
  ) => boolean | string | Promise<boolean | string>;
}

export interface SoakGate<Params, Outputs, Done extends string> {
  /** Observed healthy time after which the gate opens. */
  readonly min: Duration | ((context: StepContext<Params, Outputs>) => Duration);
  /** Age of the `fresh` steps' verification past which they run again before anything irreversible. */
  readonly max: Duration | ((context: StepContext<Params, Outputs>) => Duration);
  /** Longest time between two samples that still counts as observed; 10 minutes when left out. */
  readonly maxGap?: Duration;
  /** Steps whose verification must not be older than `max` when the gate opens. */
  readonly fresh?: readonly NoInfer<Done>[];
  readonly probes: readonly HealthProbe<Params, Outputs>[];
}
