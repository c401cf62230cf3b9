import type { z } from 'zod';
import type { Claim } from './claim.ts';
import type { Node } from './node.ts';
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
  /** The miniature world in which `migrate rehearse` runs it. */
  readonly rehearsal?: RehearsalPlan;
}

/** A validated runbook. */
export interface Runbook {
  readonly id: string;
  readonly summary: string;
  readonly params: z.ZodObject;
  readonly tools: readonly string[];
  readonly root: boolean;
  readonly claims: (context: { readonly params: unknown }) => readonly Claim[];
  readonly rehearsal: RehearsalPlan | undefined;
  /** In page order, which is a legal order of execution. */
  readonly nodes: readonly Node[];
}
