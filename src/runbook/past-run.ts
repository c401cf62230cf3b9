/** Runs that are kept where this one is. */
export interface PastRuns {
  /**
   * Those of a runbook, in the order of their starts; read without their locks, so one may go on meanwhile.
   * @throws StateError `state.unfinished-copy` where they may still go on elsewhere
   */
  of(runbook: string): Promise<readonly PastRun[]>;
}

/** A run as its journal tells it. */
export interface PastRun {
  readonly id: string;
  readonly runbook: string;
  /**
   * `ended`: as `completed`, but for checks that said FAIL. `damaged` where the journal cannot be believed; then
   * nothing else of it is told.
   */
  readonly status:
    | 'running'
    | 'completed'
    | 'ended'
    | 'rolling-back'
    | 'rolled-back'
    | 'aborted'
    | 'moved'
    | 'damaged';
  readonly params: unknown;
  /** ISO 8601, UTC; empty of a damaged run. */
  readonly startedAt: string;
  /** Of its last event: of a run that is over, when that was. */
  readonly lastAt: string;
  /** The gate or gates at which it waits. */
  readonly waitsAt: readonly string[];
  /** Milliseconds in which a step was at work or being undone; waiting at gates is none. */
  readonly workedMs: number;
  /** What is done of it, in page order. */
  readonly done: readonly {
    readonly step: string;
    /** ISO 8601, UTC. */
    readonly at: string;
    readonly output: unknown;
  }[];
}
