import type { z } from 'zod';
import type { Claim } from './claim.ts';
import type { HealthCheck } from './health-check.ts';
import type { Host } from './host.ts';
import type { Node } from './node.ts';
import type { Message } from './notice.ts';
import type { RehearsalPlan } from './rehearsal.ts';

/** What a runbook says of itself, besides its steps. */
export interface RunbookOptions<Params extends z.ZodObject> {
  readonly summary: string;
  readonly params?: Params;
  /** Programs that must be there before anything starts. */
  readonly tools?: readonly string[];
  /** It needs root; false when left out. */
  readonly root?: boolean;
  /** What a run holds against other runs from start to end. */
  readonly claims?: (context: { readonly params: z.output<Params> }) => readonly Claim[];
  /**
   * Asked before a run begins: when it gives why there is nothing to do, none begins. It only reads. For
   * runbooks that a unit calls at each boot.
   */
  readonly nothingToDo?: (context: NothingToDoContext<z.output<Params>>) => Promise<NothingToDo | undefined>;
  /**
   * What `migrate check` asks of what it has made, at any time after. A run makes none of them; without them,
   * `migrate check` makes the checks among its steps.
   */
  readonly health?: readonly HealthCheck<z.output<Params>>[];
  /** The miniature world in which `migrate rehearse` runs it. */
  readonly rehearsal?: RehearsalPlan;
}

export interface NothingToDoContext<Params = unknown> {
  readonly params: Params;
  readonly host: Host;
  /** Where copies may be made for a moment. */
  readonly folder: string;
}

export interface NothingToDo {
  readonly why: string;
  /** Told to whoever is not there, as the operator prefers. */
  readonly message?: Message;
}

/** A validated runbook. */
export interface Runbook {
  readonly id: string;
  readonly summary: string;
  readonly params: z.ZodObject;
  readonly tools: readonly string[];
  readonly root: boolean;
  readonly claims: (context: { readonly params: unknown }) => readonly Claim[];
  readonly nothingToDo: ((context: NothingToDoContext) => Promise<NothingToDo | undefined>) | undefined;
  /** Checks alone; empty where there are none. */
  readonly health: readonly Node[];
  readonly rehearsal: RehearsalPlan | undefined;
  /** In page order, which is a legal order of execution. */
  readonly nodes: readonly Node[];
}
