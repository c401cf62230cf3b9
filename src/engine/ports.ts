import type { Journal } from '../journal/port.ts';
import type { JournalEvent, ProcessIdentity } from '../journal/event.ts';
import type { Message, NoticeKind } from '../runbook/notice.ts';
import type {
  BootIdentity,
  Clock,
  Command,
  CommandResult,
  Host,
  LaterWritesDecision,
  Progress,
} from '../runbook/index.ts';

/** Everything the engine needs of the outside. The command line composes it. */
export interface Ports {
  readonly journal: Journal;
  readonly host: EngineHost;
  readonly operator: Operator;
  readonly logs: StepLogs;
  readonly breakGlass: BreakGlassPort;
  readonly notifier: Notifier;
  readonly confirmations: Confirmations;
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
  | 'before-gate'
  | 'at-gate'
  | 'before-opening'
  | 'after-opening'
  | 'taking-lock'
  | 'freeing-lock'
  | 'half-line';

export interface EngineHost extends Host {
  /** Like `exec`, with the run's mark in the child's environment. */
  spawn(command: Command, options: SpawnOptions): Promise<CommandResult>;
  /** Who this process is. */
  self(): Promise<ProcessIdentity>;
  /** What hides the run's secrets in a text, as they are now. */
  hiding(): Promise<(text: string) => string>;
  readonly clock: Clock;
  boot(): Promise<BootIdentity>;
}

export interface SpawnOptions {
  readonly run: string;
  readonly signal?: AbortSignal | undefined;
  /**
   * Told of the process before its command begins: that waits for `begin`, and never begins when the process
   * that would call it dies, or when this rejects.
   */
  readonly onStart?: (process: ProcessIdentity, begin: () => void) => void | Promise<void>;
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
  /**
   * Whether somebody at the terminal can still reach the machine, or wants the step undone; `absent` when
   * nobody can be asked, or the terminal is gone. `--yes` never answers it.
   * @param until aborted when the answer is not needed any more
   */
  stillThere(step: string, question: string, until: AbortSignal): Promise<'yes' | 'no' | 'absent'>;
  /** What becomes of writes that a rollback would lose; asked before anything is undone. */
  laterWrites(step: string, question: string): Promise<LaterWritesDecision | 'absent'>;
  /** What becomes of a soak that stopped; `absent` when nobody can be asked. `--yes` never answers it. */
  soakStopped(step: string, unhealthy: readonly string[]): Promise<'rollback' | 'go-on' | 'stop' | 'absent'>;
  /** Typed input given for a gate with `--set`, or asked for. */
  gateInput(step: string, fields: readonly string[]): Promise<Readonly<Record<string, unknown>> | undefined>;
}

/** How somebody who is not at this terminal says that the machine can be reached. */
export interface Confirmations {
  /** @param armedSeq of the start that armed the deadline: a word about an earlier attempt does not count */
  requested(step: string, armedSeq: number): Promise<boolean>;
}

/** Reaches somebody who is not at this terminal. */
export interface Notifier {
  /** Makes it outlive this process, where somebody is to be told. It takes milliseconds. */
  keep(notice: Notice): Promise<void>;
  /**
   * How it went, `exitCode` 0 for well; nothing when nobody is to be told here. It takes seconds at most.
   * @param signal ends it; what is kept stays so
   */
  notify(notice: Notice, signal: AbortSignal): Promise<Notified | undefined>;
}

export interface Notice {
  /** The same for every repeat. */
  readonly id: string;
  readonly kind: Exclude<NoticeKind, 'test'>;
  /** Somebody typed this call and reads how it ends. */
  readonly watched: boolean;
  /** What a step says, in its own words. */
  readonly message?: Message | undefined;
  /** What to tell; never a secret, since it is in the journal. */
  readonly about: string;
  readonly step?: string | undefined;
  /** The way on. */
  readonly hint?: string | undefined;
  readonly run: string;
  readonly runbook: string;
  readonly host: string;
  /** The run's folder. */
  readonly folder: string;
  readonly unattended?: 'boot' | 'timer' | undefined;
}

export interface Notified {
  /** The program that was to tell them. */
  readonly by: string;
  readonly exitCode: number | null;
  readonly error?: string | undefined;
  /** It was not sent, and a later process tries again. */
  readonly kept?: boolean | undefined;
}

/** The script for a machine on which this program does not start, in the run's folder. */
export interface BreakGlassPort {
  machine(): Promise<{ readonly machineId: string | undefined; readonly user: number }>;
  /**
   * Replaces the script, durably.
   * @throws StateError `journal.no-undo-script`; then nothing may be begun
   */
  write(text: string): Promise<void>;
  /**
   * Adds to the script's end, durably. The seal says that the text before it is whole, so it is written only
   * when that is on the disk.
   * @throws StateError `journal.no-undo-script`; then the script must be replaced before it is added to again
   */
  append(text: string, seal: string): Promise<void>;
  /** What it has left when it was run, empty where it was not. */
  marks(): Promise<{ readonly done: string; readonly reboot: string }>;
  forgetMarks(): Promise<void>;
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
      /** What the latest look found, by probe: true, false, or what is wrong. */
      readonly readings?: Readonly<Record<string, boolean | string>>;
      readonly counters?: Readonly<Record<string, string>>;
      /** While this process goes on looking. */
      readonly nextLookAt?: string;
      /** The latest of what did not count, latest last. */
      readonly notCounted?: readonly { readonly until: string; readonly ms: number; readonly why: string }[];
    }
  | {
      readonly type: 'deadline';
      readonly step: string;
      /** Milliseconds until it is undone. */
      readonly leftMs: number;
      /** What somebody types, at best after logging in anew. */
      readonly command: string;
    };
