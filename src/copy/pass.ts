import { StepError } from '../errors.ts';
import { showPath, type BytePath } from './byte-path.ts';
import type { FarTree } from './far/tree.ts';
import type { FolderIdentity, ManifestSummary } from './manifest.ts';
import type { Moment } from './moment.ts';
import type { RsyncOptions } from './rsync-command.ts';

export interface PassOptions extends Omit<RsyncOptions, 'dryRun'> {
  /** The file that the final pass writes; beside it lies the log of the copy. */
  readonly manifest: string;
  /** Whoever makes this copy. */
  readonly owner: string;
  readonly source: FolderIdentity;
  readonly target: FolderIdentity;
  /** Such as `rsync 3.5.0`. */
  readonly engine: string;
  /** The source or the target, where it is on another machine; `far` says which. */
  readonly fromTree?: FarTree | undefined;
  readonly toTree?: FarTree | undefined;
  /** Files read at the same time, where rsync did not read them. */
  readonly readers?: number | undefined;
  /** When it began; then a final pass begins to verify while it copies. */
  readonly began?: Moment | undefined;
}

export interface PassResult {
  readonly transferredFiles: number;
  readonly transferredBytes: number;
  readonly deleted: number;
  /** Files that rsync took for up to date and that were read again, since nobody could vouch for them. */
  readonly readAgain: number;
  /** Of those, the ones that were not what the source holds, and were replaced. */
  readonly mended: number;
  /** Half-written files of a killed rsync that were removed. */
  readonly leftovers: number;
  /** After the final pass. */
  readonly manifest?: ManifestSummary;
}

export function sourceChanged(from: string, path: BytePath | undefined): StepError {
  const what = path === undefined ? 'files vanished' : showPath(path);
  return new StepError(
    'copy.source-changed',
    `the source changed during the final pass, so it was not frozen: ${what} in ${from}`,
    'Stop what still writes there, and run the step again.',
  );
}
