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
  /** Whether it was done, where the machine can tell: true, else false or what is missing. */
  readonly probe?: (
    context: ReadContext<Params, Outputs, undefined>,
  ) => boolean | string | Promise<boolean | string>;
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
  readonly counter?: never;
  readonly lasts?: never;
}

/**
 * A question about all the time since it was last asked, such as how often a unit was restarted: when
 * every counter of a soak stands where it stood, nothing has gone wrong in between, and the time counts
 * although nobody looked. Time in which the machine slept or was off still counts for nothing.
 */
export interface CumulativeProbe<Params, Outputs> {
  readonly name: string;
  /** Gives what changes with every trouble, also with one that nobody sees; throws when it cannot tell. */
  readonly counter: (context: ReadContext<Params, Outputs, undefined>) => string | Promise<string>;
  /** `boot` (when left out): a boot begins it anew. `boots`: it also tells of the boots before. */
  readonly lasts?: 'boot' | 'boots';
  readonly check?: never;
}

export type SoakProbe<Params, Outputs> = HealthProbe<Params, Outputs> | CumulativeProbe<Params, Outputs>;

export interface SoakGate<Params, Outputs, Done extends string> {
  /** Observed healthy time after which the gate opens. */
  readonly min: Duration | ((context: StepContext<Params, Outputs>) => Duration);
  /** Age of the `fresh` steps' verification past which they run again before anything irreversible. */
  readonly max: Duration | ((context: StepContext<Params, Outputs>) => Duration);
  /** Longest time between two samples that still counts as observed; 10 minutes when left out. */
  readonly maxGap?: Duration;
  /** Steps whose verification must not be older than `max` when the gate opens. */
  readonly fresh?: readonly NoInfer<Done>[];
  /** At least one `check`; each `counter` beside it vouches for time in which nobody looked. */
  readonly probes: readonly SoakProbe<Params, Outputs>[];
  /**
   * How many looks in a row may find it unhealthy before the soak stops; 0 when left out. A look that
   * finds it unhealthy is repeated moments later, and only when it is unhealthy still is that one.
   */
  readonly tolerate?: number;
}
