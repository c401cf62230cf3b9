/** What is asked of the process that looks at databases, as JSON on its standard input. */
export interface LookRequest {
  /** Absolute paths. */
  readonly databases: readonly string[];
  /** All databases within it are looked at too; symlinks and other file systems are not entered. */
  readonly folder?: string | undefined;
  /** Names of folders and files that are left out, such as `Backups`; `*` stands for any text. */
  readonly exclude?: readonly string[] | undefined;
  /** A running service's databases are read through the online backup. */
  readonly service: 'stopped' | 'running';
  /** A folder of its own, where copies may be made; it must be there. */
  readonly scratch: string;
}

/**
 * `sound`, or not: `damaged`; `missing`; `empty`, a file without a byte; `not-a-database`.
 * Or it cannot be told: `in-use`, it was written while it was read as that of a stopped service; `no-space` for a
 * copy; `unreadable`; `unjudged`, parts of it need code that its service alone has.
 */
export type Standing =
  | 'sound'
  | 'damaged'
  | 'missing'
  | 'empty'
  | 'not-a-database'
  | 'in-use'
  | 'no-space'
  | 'unreadable'
  | 'unjudged';

/** What was found of one database. */
export interface LookedAt {
  readonly path: string;
  readonly bytes: number;
  readonly standing: Standing;
  /** What SQLite says, the first few; empty when it is sound. */
  readonly problems: readonly string[];
  /** Rows that refer to one that is not there; SQLite lets them be unless it is told otherwise. */
  readonly brokenReferences: number;
  readonly tables: number;
  /** `immutable`: in place. `copy`: a copy with what lay beside it. `backup`: the online backup. */
  readonly readBy: 'immutable' | 'copy' | 'backup' | 'nothing';
}
