import type { RehearsalPlan } from '../runbook/index.ts';
import type { Snapshot } from './snapshot.ts';

/**
 * How a machine goes down: Windows ends one distribution, or the whole WSL virtual machine with its kernel.
 * Where the difference shows, `shutdown` stops services and writes out pools first, and `power-cut` does not.
 */
export type Reboot = 'terminate' | 'shutdown' | 'power-cut';

export interface BuildOptions {
  /** Of everything in the world that is generated; the plan's own seed when left out. */
  readonly seed?: number;
  /** Leave the world's folder with its disks for inspection. */
  readonly keep?: boolean;
  /** `folders` also where loop devices could be had. */
  readonly disks?: 'auto' | 'folders';
  /** `fake` also where Nix is installed. */
  readonly nix?: 'auto' | 'fake';
  /** Further folders of the host that the world sees, read-only, at their own path. */
  readonly share?: readonly string[];
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Text for standard input, which is otherwise empty. */
  readonly input?: string;
  /** A folder of the world; `/` when left out. */
  readonly cwd?: string;
  /** Use this process's terminal instead of collecting the output. */
  readonly terminal?: boolean;
}

export interface RunResult {
  /** `null` when a signal ended it, be it by a reboot. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The world went down meanwhile; the exit code then means nothing. */
  readonly rebooted: boolean;
}

/** What a world turned out to be on this host. */
export interface WorldFacts {
  readonly disks: 'loop' | 'folders';
  readonly nix: 'real' | 'fake' | 'none';
  /** The disks' names by their devices. */
  readonly devices: Readonly<Record<string, string>>;
}

/** What the supervisor can be asked for, with what it answers. */
export interface Calls {
  build: { ask: { plan: RehearsalPlan; options: BuildOptions }; answer: WorldFacts };
  run: { ask: { run: string; argv: readonly string[]; options: RunOptions }; answer: RunResult };
  rescue: { ask: { argv: readonly string[] }; answer: RunResult };
  kill: { ask: { run: string; signal: string }; answer: boolean };
  reboot: { ask: { kind: Reboot }; answer: null };
  skip: { ask: { milliseconds: number }; answer: null };
  snapshot: { ask: { paths: readonly string[]; beneath: boolean }; answer: Snapshot };
  survey: { ask: { without: readonly string[] }; answer: Snapshot };
  journal: { ask: Record<never, never>; answer: string };
}

export type CallName = keyof Calls;

export type Question = {
  [Name in CallName]: { readonly id: number; readonly call: Name; readonly ask: Calls[Name]['ask'] };
}[CallName];

export type Answer =
  | { readonly ready: true }
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly error: { code: string; message: string; hint?: string | undefined } }
  | { readonly run: string; readonly text: string; readonly stream: 'stdout' | 'stderr' };
