import type { z } from 'zod';
import type { Preview, ProbeAnswer, Retry, Schema } from './body.ts';
import type { Command } from './command.ts';
import type { ActContext, CapturedContext, ReadContext, StepContext } from './context.ts';
import type { Duration, SoakProbe } from './gate.ts';
import type { CommandResult } from './host.ts';
import type { Reversal } from './operation.ts';
import type { Finding } from './step.ts';
import type { Undo, UndoNeed } from './undo.ts';

/**
 * The graph as the engine sees it: types that flowed for the author are gone, and inline steps and
 * operations have one shape. Built by `validate` only.
 */
export type Node = StepNode | CheckNode | GateNode;
export type GateNode = ConfirmNode | ManualNode | RebootNode | SoakNode;

interface NodeBase {
  readonly id: string;
  readonly title: string;
  readonly phase: string | undefined;
  readonly needs: readonly string[];
  /** Under which name each need appears in `outputs`; they differ inside a fragment. */
  readonly outputNames: Readonly<Record<string, string>>;
  readonly when: ((context: StepContext) => boolean) | undefined;
  readonly locks: readonly string[];
  readonly onFailure: 'stop' | 'continue' | 'rollback';
}

export interface StepNode extends NodeBase {
  readonly kind: 'step';
  readonly reversal: Reversal;
  /** Why it cannot be taken back, where it cannot. */
  readonly irreversible: string | undefined;
  /** What is to be decided of its undo before it may run outside of a rehearsal; it is irreversible until then. */
  readonly undecided: string | undefined;
  readonly effective: 'now' | 'at-boot';
  /** How long after its start it is undone unless somebody confirms that the machine can still be reached. */
  readonly confirmWithin: Duration | undefined;
  readonly body: StepBody;
  readonly undo: Undo<unknown, unknown, unknown, unknown> | undefined;
  readonly undoNeeds: readonly UndoNeed[];
  readonly operation:
    | {
        readonly name: string;
        readonly version: number;
        readonly input: z.ZodType;
        readonly with: (context: StepContext) => unknown;
      }
    | undefined;
}

/** A body with its type parameters forgotten. Exactly one of `commands` and `run` is there. */
export interface StepBody {
  readonly capture?: (context: ReadContext) => unknown;
  readonly output?: Schema;
  readonly probe?: (context: CapturedContext) => ProbeAnswer<Schema> | Promise<ProbeAnswer<Schema>>;
  readonly verify?: (context: CapturedContext & { readonly output: unknown }) => void | Promise<void>;
  readonly lastResort?: (
    context: CapturedContext & { readonly output: unknown },
  ) => readonly (string | Command)[];
  readonly preview?: (context: ReadContext) => Promise<Preview>;
  readonly idempotent?: boolean;
  readonly retry?: Retry;
  readonly timeout?: Duration;
  readonly commands?: (context: CapturedContext) => readonly Command[];
  readonly result?: (context: CapturedContext & { readonly results: readonly CommandResult[] }) => unknown;
  readonly run?: (context: ActContext) => Promise<unknown>;
  readonly describe?: string | ((context: CapturedContext) => string | readonly (string | Command)[]);
}

export interface CheckNode extends NodeBase {
  readonly kind: 'check';
  readonly expect: string;
  readonly knownLimitation?: string;
  readonly run: (context: ReadContext) => Finding | Promise<Finding>;
}

type Text = string | ((context: StepContext) => string);

export interface ConfirmNode extends NodeBase {
  readonly kind: 'confirm';
  readonly ask: Text;
  readonly input: z.ZodObject | undefined;
}

export interface ManualNode extends NodeBase {
  readonly kind: 'manual';
  readonly instructions: Text;
  readonly input: z.ZodObject | undefined;
  readonly probe: ((context: ReadContext) => boolean | string | Promise<boolean | string>) | undefined;
}

export interface RebootNode extends NodeBase {
  readonly kind: 'reboot';
  readonly instructions: Text;
  readonly verify: ((context: ReadContext) => void | Promise<void>) | undefined;
}

export interface SoakNode extends NodeBase {
  readonly kind: 'soak';
  readonly min: Duration | ((context: StepContext) => Duration);
  readonly max: Duration | ((context: StepContext) => Duration);
  readonly maxGap: Duration;
  readonly fresh: readonly string[];
  readonly probes: readonly SoakProbe<unknown, unknown>[];
  readonly tolerate: number;
}
