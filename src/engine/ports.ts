import type { Journal } from '../journal/port.ts';
import type { JournalEvent, ProcessIdentity } from '../journal/event.ts';
import type { BootIdentity, Clock, Command, CommandResult, Host, Progress } from '../runbook/index.ts';

/** Everything the engine needs of the outside. The command line composes it. */
export interface Ports {
  readonly journal: Journal;
  readonly host: EngineHost;
  readonly operator: Operator;
  readonly logs: StepLogs;
  /** Told of everything, in order; it must not throw and nothing waits for it. */
  readonly tell: (event: LiveEvent) => void;
  /** Called at named points; rehearsals end the process there. */
  readonly crashPoint: (point: CrashPoint, step: string | undefined) => void | Promise<void>;
}

export type CrashPoint =
  | 'before-intent'
  | 'after-intent'
  | 'mid-act'
  | 'before-checkpoint'
  | 'after-checkpoint'
  | 'mid-undo'
  | 'before-undo-record'
  | 'at-gate';

export interface EngineHost extends Host {
  /** Like `exec`, with the run's mark in the child's environment, and the child's identity before it matters. */
  spawn(command: Command, options: SpawnOptions): Promise<CommandResult>;
  /** Who this process is. */
  self(): Promise<ProcessIdentity>;
  readonly clock: Clock;
  boot(): Promise<BootIdentity>;
}

export interface SpawnOptions {
  readonly run: string;
  readonly signal?: AbortSignal | undefined;
  readonly onStart?: (process: ProcessIdentity) => void | Promise<void>;
  readonly onLine?: (line: string, stream: 'stdout' | 'stderr') => void;
  readonly anyExit?: boolean;
}

/** The person at the terminal, when there is one. */
export interface Operator {
  /** `yes`/`no`, or `absent` when nobody can be asked. */
  confirm(
    step: string,
    question: string,
    kind: 'confirm' | 'manual',
  ): Promise<'yes' | 'flag' | 'no' | 'absent'>;
  /** Consent to what cannot be taken back: a typed phrase, or the flag that names the step. `--yes` never gives it. */
  acceptIrreversible(step: string, why: string): Promise<'phrase' | 'flag' | 'no' | 'absent'>;
  /** Typed input given for a gate with `--set`, or asked for. */
  gateInput(step: string, fields: readonly string[]): Promise<Readonly<Record<string, unknown>> | undefined>;
}

/** The output of commands, per attempt; not part of the journal, and losing it loses no truth. */
export interface StepLogs {
  line(step: string, attempt: number, text: string, stream: 'stdout' | 'stderr' | 'note'): void;
}

/** What a renderer sees: the journal's events as they become durable, and what is too fleeting for it. */
export type LiveEvent =
  | { readonly type: 'journaled'; readonly event: JournalEvent }
  | { readonly type: 'progress'; readonly step: string; readonly progress: Progress }
  | {
      readonly type: 'line';
      readonly step: string;
      readonly text: string;
      readonly stream: 'stdout' | 'stderr' | 'note';
    }
  | {
      readonly type: 'countdown';
      readonly step: string;
      readonly countedMs: number;
      readonly minMs: number;
      readonly opensAt: string | undefined;
      readonly why: string | undefined;
    };
