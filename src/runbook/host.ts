import type { Command } from './command.ts';
import type { PastRuns } from './past-run.ts';

/** What a step may ask of the machine it runs on. `src/host/` answers for this machine. */
export interface Host {
  /**
   * Runs a command to its end.
   * @throws StepError `command.failed` on an exit code that the command does not accept,
   *   `command.missing` when the program does not exist.
   */
  exec(command: Command, options?: ExecOptions): Promise<CommandResult>;
  readonly files: Files;
  /** The mount table, in the order of mounting; a later entry on the same path covers an earlier one. */
  mounts(): Promise<readonly Mount[]>;
  boot(): Promise<BootIdentity>;
  readonly clock: Clock;
  /** Runs of runbooks in the same state folder; missing where there is none, as on a machine reached over ssh. */
  readonly runs?: PastRuns;
}

export interface ExecOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called for every line of either stream, as it comes. */
  readonly onLine?: ((line: string, stream: 'stdout' | 'stderr') => void) | undefined;
  /** Accept every exit code; the caller judges. */
  readonly anyExit?: boolean;
}

export interface CommandResult {
  readonly stdout: string;
  readonly stderr: string;
  /** `null` when a signal ended it. */
  readonly exitCode: number | null;
  readonly signal?: string | undefined;
  /** Bytes missing at the front of `stdout`: an act's long output is kept in part, an answer never. */
  readonly cutBytes?: number;
}

/** Files by absolute path. Reading follows symlinks unless it says otherwise. */
export interface Files {
  /** UTF-8 text, or `undefined` when there is no such file. */
  read(path: string): Promise<string | undefined>;
  /** Replaces the content atomically and durably (new file, fsync, rename, fsync of the folder); keeps mode and owner unless given. */
  replace(path: string, content: string, options?: { mode?: number; mtime?: string }): Promise<void>;
  /** Without following a final symlink; `undefined` when nothing is there. */
  stat(path: string): Promise<FileStat | undefined>;
  /** The target text of a symlink; `undefined` when it is none. */
  readLink(path: string): Promise<string | undefined>;
  /** The path with every symlink resolved; `undefined` when it does not exist. */
  realPath(path: string): Promise<string | undefined>;
  /** Names in a folder, sorted; `undefined` when there is no such folder. */
  list(path: string): Promise<readonly string[] | undefined>;
  /** Creates a folder (`mode` is its own) and its parents, durably; resolves to the paths that this call created, outermost first. */
  makeFolder(path: string, options?: { mode?: number }): Promise<readonly string[]>;
  /**
   * Renames within one file system, durably.
   * @throws StepError `files.exists` when something is already there.
   */
  rename(from: string, to: string): Promise<void>;
  /** Removes one file, symlink or empty folder, durably; nothing happens when it is not there. */
  remove(path: string): Promise<void>;
  /** Space and inodes of the file system that holds the path. */
  space(path: string): Promise<Space>;
}

export interface FileStat {
  readonly kind: 'file' | 'folder' | 'symlink' | 'other';
  readonly size: number;
  /** Permission bits, such as 0o755. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Device as `major:minor`, as in the mount table. */
  readonly device: string;
  /** Inode number, as text since it may exceed 2^53. */
  readonly inode: string;
  readonly links: number;
  readonly mtimeMs: number;
  /** The same, exact: seconds since 1970 with nine decimals. */
  readonly mtime: string;
  readonly ctimeMs: number;
}

export interface Space {
  /** Bytes that an ordinary user may still write; reserved blocks do not count. */
  readonly freeForUsers: number;
  readonly freeForRoot: number;
  readonly total: number;
  /** `Number.MAX_SAFE_INTEGER` where the file system has no fixed number of them. */
  readonly freeInodes: number;
}

export interface Mount {
  readonly id: number;
  readonly parent: number;
  /** `major:minor` */
  readonly device: string;
  /** The folder within the file system that is mounted; not `/` for a bind mount of a part. */
  readonly root: string;
  readonly point: string;
  readonly options: readonly string[];
  readonly type: string;
  readonly source: string;
}

/** What tells one boot from another, also in WSL and containers where the kernel stays. */
export interface BootIdentity {
  readonly bootId: string;
  /** Start time of PID 1 in clock ticks since the kernel's boot. */
  readonly initStart: string;
  /** The PID namespace, such as `pid:[4026531836]`. */
  readonly pidNamespace: string;
}

/** The three clocks, whose disagreement tells a jump or a sleep from time that passed. */
export interface Clock {
  now(): ClockReading;
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

export interface ClockReading {
  /** Wall clock, milliseconds since 1970. */
  readonly wall: number;
  /** Milliseconds since boot, counting sleep. */
  readonly boottime: number;
  /** Milliseconds since boot, not counting sleep. */
  readonly monotonic: number;
}
