/** What becomes of writes to the new side when a rollback goes back to the old one. */
export type LaterWritesDecision = 'carry-back' | 'drop';

/** What was written to the new side since the cut-over, so that a rollback would lose it. */
export interface LaterWrites {
  /** The folder that holds them. */
  readonly where: string;
  /** They are younger than this; ISO 8601, UTC. */
  readonly since: string;
  readonly added: number;
  readonly changed: number;
  readonly deleted: number;
  /** Of what was added and changed. */
  readonly bytes: number;
  /** The first few, for people. */
  readonly first: readonly string[];
  /** What each decision would do, in a sentence for people. */
  readonly carryBack: string;
  readonly drop: string;
  /** What the runbook's parameters say already. */
  readonly decided?: LaterWritesDecision;
}
