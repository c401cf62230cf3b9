import type { ReadContext, StepContext } from './context.ts';
import type { Finding } from './step.ts';

/** What is asked of what a runbook has made, as long as it lives: a check that no run makes. */
export interface HealthCheck<Params> {
  /** Lower-case words joined by dashes. */
  readonly id: string;
  /** A line for people; the id when left out. */
  readonly title?: string;
  /** The group under which it is shown. */
  readonly phase?: string;
  readonly expect: string;
  /** Why a FAIL or PARTIAL of it is known; the verdict stays what it is, and is marked. */
  readonly knownLimitation?: string;
  /** It does not apply when this gives false. */
  readonly when?: (context: StepContext<Params, NoOutputs>) => boolean;
  readonly run: (context: ReadContext<Params, NoOutputs, undefined>) => Finding | Promise<Finding>;
}

/** Nothing is handed from one of them to another. */
type NoOutputs = Readonly<Record<never, never>>;
