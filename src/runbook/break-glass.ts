import type { Command } from './command.ts';
import type { BootIdentity } from './host.ts';

/** A question that plain `sh` can answer about the machine, as data. */
export type Guard =
  | { readonly is: 'there'; readonly path: string }
  /** The machine has not booted since. */
  | { readonly is: 'same-boot'; readonly boot: BootIdentity }
  /** What one sees mounted exactly at a path; `device` as `major:minor`, as in the mount table. */
  | { readonly is: 'mounted'; readonly path: string; readonly device: string; readonly root: string }
  | { readonly is: 'mount-point'; readonly path: string }
  /** A path is the very folder with that inode. */
  | { readonly is: 'folder'; readonly path: string; readonly inode: string }
  /** Nothing of a folder is shown elsewhere, and nothing is mounted in it. */
  | { readonly is: 'shown-nowhere-else'; readonly path: string }
  /** A folder holds something, besides what its file system and a rollback keep in it. */
  | { readonly is: 'filled'; readonly path: string }
  /** Something was written in a folder since a file was, of those of the files that are there; and the opposite. */
  | {
      readonly is: 'written-since' | 'unwritten-since';
      readonly path: string;
      readonly files: readonly string[];
    }
  /** The first line of a file holds a text with the inode of a folder, which makes the folder the one it is about. */
  | {
      readonly is: 'named-in';
      readonly path: string;
      readonly file: string;
      readonly before: string;
      readonly after: string;
    };

/**
 * A command for a rescue shell, in which none of this program runs. It must be safe when the act never
 * happened, and safe twice.
 */
export interface BreakGlassCommand extends Command {
  /** Where one of these does not hold, there is nothing to do. */
  readonly only?: readonly Guard[];
  /** Where one of these does not hold, everything stops, and a person looks. */
  readonly demand?: readonly Guard[];
}
