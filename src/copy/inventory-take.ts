import { setImmediate as nextTurn } from 'node:timers/promises';
import { StepError } from '../errors.ts';
import { showPath, type BytePath } from './byte-path.ts';
import { Inventory } from './inventory.ts';
import { keepHeapSmall } from './small-heap.ts';
import { localTree, type Tree } from './tree.ts';
import { refuseTooLong, type Found } from './walk.ts';

export interface TakeOptions {
  /** Where it is to be copied to. */
  readonly to: string;
  readonly exclude: ReadonlySet<BytePath>;
  readonly signal?: AbortSignal | undefined;
  /** The source, where it is on another machine. */
  readonly tree?: Tree | undefined;
  /** To be filled; a new one when left out. */
  readonly inventory?: Inventory;
  /** Told of each inode by its first name. */
  readonly onInode?: (found: Found) => void;
}

/**
 * Walks a source and remembers it.
 *
 * @throws StepError `copy.other-file-system` for a folder within it that another file system holds,
 *   which would be left out unseen; `copy.path-too-long`
 */
export async function takeInventory(from: string, options: TakeOptions): Promise<Inventory> {
  keepHeapSmall();
  const { inventory = new Inventory() } = options;
  const others: BytePath[] = [];
  const tree = options.tree ?? localTree(from);
  const paths = await tree.paths({
    exclude: options.exclude,
    onOtherFileSystem: (path) => others.push(path),
    signal: options.signal,
  });
  for await (const found of inTurns(paths, options.signal)) {
    refuseTooLong(options.to, found.path);
    if (inventory.add(found.path, found.stat)) options.onInode?.(found);
  }
  if (others.length > 0) {
    throw new StepError(
      'copy.other-file-system',
      `${from} holds folders that lie on other file systems: ${others.map(showPath).join(', ')}`,
      `Copy each by a step of its own and exclude it here (${others.map((path) => `'${showPath(path)}'`).join(', ')}), or unmount it.`,
    );
  }
  return inventory;
}

/** Lets timers, signals and children have their turn while a long walk goes on. */
export async function* inTurns<T>(items: Iterable<T>, signal?: AbortSignal): AsyncGenerator<T, void> {
  let count = 0;
  for (const item of items) {
    yield item;
    count += 1;
    if (count % 1_000 !== 0) continue;
    await nextTurn();
    signal?.throwIfAborted();
  }
}
