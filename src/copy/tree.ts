import { AttributeReader } from './attributes.ts';
import type { BytePath } from './byte-path.ts';
import { readsDirectly } from './content-check.ts';
import { hashFiles, type HashJob, type HashOptions } from './hash-pool.ts';
import { removeFile } from './remove-file.ts';
import { walk, type Found, type WalkOptions } from './walk.ts';

/** What a copy and a verification ask of a folder with all that it holds, on this machine or another. */
export interface Tree {
  /** Absolute, on its machine. */
  readonly root: string;
  /** The root for people, with its machine where that is another. */
  readonly place: string;
  /** Everything in it, as `walk` gives it. */
  readonly paths: (
    options: WalkOptions & { readonly signal?: AbortSignal | undefined },
  ) => Promise<Iterable<Found>>;
  readonly attributes: (signal?: AbortSignal) => AttributeReader;
  /** @param jobs with paths from the root of the machine's file system */
  readonly hash: (jobs: Iterable<HashJob>, options: HashOptions) => Promise<void>;
  /** Whether a direct read reads the disk. */
  readonly readsDirectly: () => Promise<boolean>;
  /** Removes files, also from folders that may not be written. */
  readonly remove: (paths: readonly BytePath[]) => Promise<void>;
}

/** A tree on this machine. */
export function localTree(root: string): Tree {
  return {
    root,
    place: root,
    paths: (options) => Promise.resolve(walk(root, options)),
    attributes: (signal) => new AttributeReader(root, signal),
    hash: hashFiles,
    readsDirectly: () => Promise.resolve(readsDirectly(root)),
    remove: (paths) => {
      for (const path of paths) removeFile(root, path);
      return Promise.resolve();
    },
  };
}
