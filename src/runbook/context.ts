import type { Command } from './command.ts';
import type { CommandResult, Host } from './host.ts';
import type { Json } from './json.ts';
import type { Message } from './notice.ts';
import type { Sh } from './sh.ts';

export interface RunInfo {
  /** Such as `move-home-20260921-k3f9`; safe in file names, snapshot names and tags. */
  readonly id: string;
  readonly runbook: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  /** The run's own folder in the state folder, for reports and manifests. */
  readonly folder: string;
}

/** What is fixed before a step begins. */
export interface StepContext<Params = unknown, Outputs = unknown> {
  readonly params: Params;
  /** Outputs of the steps that this one needs, by id. */
  readonly outputs: Outputs;
  readonly run: RunInfo;
}

/** Runs a command that only reads, and gives its result. */
export interface Ask {
  /** @throws StepError `command.failed` when it exits with anything but 0. */
  (
    literals: TemplateStringsArray,
    ...values: readonly (string | number | readonly (string | number)[])[]
  ): Promise<CommandResult>;
  /** Accepts every exit code; read `exitCode`. */
  anyExit(
    literals: TemplateStringsArray,
    ...values: readonly (string | number | readonly (string | number)[])[]
  ): Promise<CommandResult>;
}

/** For questions to the world: nothing reached through it may change anything. */
export interface ReadContext<Params = unknown, Outputs = unknown, Input = unknown> extends StepContext<
  Params,
  Outputs
> {
  /** What `with` gave to the operation. */
  readonly input: Input;
  readonly $: Ask;
  readonly sh: Sh;
  readonly host: Host;
  /** Aborted when the run is interrupted. What `$` and `host` run is ended by itself; long reading in code asks this. */
  readonly signal: AbortSignal;
}

export interface CapturedContext<
  Params = unknown,
  Outputs = unknown,
  Input = unknown,
  Captured = unknown,
> extends ReadContext<Params, Outputs, Input> {
  /** What `capture` found before the first attempt of this step in this run. */
  readonly captured: Captured;
}

export interface ActExecOptions {
  /** Accept every exit code; the caller judges. */
  readonly anyExit?: boolean;
  readonly onLine?: (line: string, stream: 'stdout' | 'stderr') => void;
  /** Lines of standard output go to `onLine` alone: they are too many to log and to show. */
  readonly quiet?: boolean;
  /** Ends the command early, besides the interruption of the run. */
  readonly signal?: AbortSignal;
}

/** For the act itself. */
export interface ActContext<
  Params = unknown,
  Outputs = unknown,
  Input = unknown,
  Captured = unknown,
> extends CapturedContext<Params, Outputs, Input, Captured> {
  /** Runs a command that is journaled and logged, and ended when the run is interrupted. */
  readonly exec: (command: Command, options?: ActExecOptions) => Promise<CommandResult>;
  readonly progress: (progress: Progress) => void;
  /**
   * Makes a mark durable in the journal, such as a rename that must be known before a deletion.
   * @throws StateError when the journal cannot be written; then nothing further may be done
   */
  readonly note: (note: string, data?: Json) => Promise<void>;
  /**
   * Tells somebody who may not be there, as the operator prefers; it waits for nobody, and never fails.
   * Missing in an act that no run journals.
   */
  readonly notify?: (message: Message) => Promise<void>;
  /** A line for the step's log. */
  readonly log: (line: string) => void;
  /** Aborted also when the step's time is up. */
  readonly signal: AbortSignal;
  readonly attempt: number;
}

/** How far an act has come. */
export interface Progress {
  /** Such as `copying` or `verifying`. */
  readonly doing: string;
  readonly doneBytes?: number;
  readonly totalBytes?: number;
  readonly doneFiles?: number;
  readonly totalFiles?: number;
  /** Bytes a second, smoothed. */
  readonly rate?: number;
  /** Milliseconds left. */
  readonly etaMs?: number;
  /** The same until what is copied is verified too. */
  readonly verifiedMs?: number;
}
