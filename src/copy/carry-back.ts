import { rmdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { StepError } from '../errors.ts';
import { makeAside } from './aside.ts';
import { absolute, bytesOf, showPath, under, type BytePath } from './byte-path.ts';
import { metadataDifferences } from './difference.ts';
import { entryOf } from './entry.ts';
import { hashFiles, type HashJob } from './hash-pool.ts';
import type { LaterWrite } from './later-writes.ts';
import { guarded, type CopyMachine } from './machine.ts';
import { rsyncEnvironment, rsyncFlags } from './rsync-command.ts';
import { judgeRsync } from './rsync-exit.ts';
import { look } from './walk.ts';

export interface CarryBackOptions {
  /** The copy, which holds the later writes; only read. */
  readonly copy: string;
  /** The tree that was copied; they are brought back here. */
  readonly tree: string;
  readonly writes: readonly LaterWrite[];
  /** Keeps what is overwritten or removed of the tree. */
  readonly aside: string;
  /** A file in which the paths are given to rsync. */
  readonly list: string;
  /** An earlier attempt has kept all that this one replaces. */
  readonly kept: boolean;
  readonly asRoot: boolean;
}

export interface CarriedBack {
  readonly carried: number;
  readonly removed: number;
  /** Of the tree, kept aside. */
  readonly replaced: number;
}

/**
 * Brings later writes back from a copy to the tree that was copied, with the flags of the copy. First
 * everything of the tree that is overwritten or removed is kept aside, on disk; only then is the tree
 * written to. At the end each path is compared on both sides, its content by hash. The copy is only
 * read, so whenever it is interrupted one side is whole, and it can be repeated.
 *
 * @param onKept called once, when nothing can be lost any more; made durable by the caller
 * @throws StepError `copy.carry-back-differs`, and as `judgeRsync`
 */
export async function carryBack(
  options: CarryBackOptions,
  machine: CopyMachine,
  onKept: () => Promise<void>,
): Promise<CarriedBack> {
  const { copy, tree, writes, aside, kept } = options;
  const gone = writes.filter(({ what }) => what === 'deleted').map(({ path }) => path);
  const wanted = writes.filter(({ what }) => what !== 'deleted').map(({ path }) => path);
  const inTheWay = kept ? [] : [...wanted, ...gone].filter((path) => isReplaced(tree, copy, path));
  return guarded(machine, async (signal) => {
    if (!kept) {
      if (inTheWay.length > 0) {
        machine.log(`keeping what is replaced in ${aside}: ${inTheWay.length} paths`);
        makeAside(aside);
        await transfer(options, { from: tree, to: aside, paths: inTheWay }, machine, signal);
        await machine.flush(aside, signal);
      }
      await onKept();
    }
    const removed = removePaths(tree, gone);
    makeWay(tree, copy, wanted);
    machine.log(`carrying ${wanted.length} paths back from ${copy} to ${tree}`);
    await transfer(options, { from: copy, to: tree, paths: wanted }, machine, signal);
    await machine.flush(tree, signal);
    await mustBeAlike(copy, tree, wanted, signal);
    return { carried: wanted.length, removed, replaced: inTheWay.length };
  });
}

/** Whether the tree holds something there whose content would go. */
function isReplaced(tree: string, copy: string, path: BytePath): boolean {
  const stat = look(tree, path);
  if (stat === undefined) return false;
  return !stat.isDirectory() || look(copy, path)?.isDirectory() !== true;
}

async function transfer(
  { list, asRoot }: CarryBackOptions,
  { from, to, paths }: { from: string; to: string; paths: readonly BytePath[] },
  machine: CopyMachine,
  signal: AbortSignal,
): Promise<void> {
  if (paths.length === 0) return;
  // rsync takes what begins with # or ; for a comment, and drops a slash before it. The root itself would come with `./`.
  writeFileSync(list, Buffer.concat(paths.map((path) => bytesOf(`/${path}\0`))));
  const argv = [
    'rsync',
    ...rsyncFlags(asRoot),
    // Size and time may say nothing, and so few files are soon sent.
    '--ignore-times',
    '--from0',
    `--files-from=${list}`,
    '--',
    `${from}/`,
    `${to}/`,
  ] as const;
  const result = await machine.run([...argv] as [string, ...string[]], { env: rsyncEnvironment, signal });
  judgeRsync('final', result);
}

/** Deepest first, so that a folder goes when it holds nothing else; what somebody has added to it stays. */
function removePaths(tree: string, paths: readonly BytePath[]): number {
  let removed = 0;
  for (const path of paths.toReversed()) {
    const stat = look(tree, path);
    if (stat === undefined) continue;
    if (stat.isDirectory()) removed += removeIfEmpty(tree, path) ? 1 : 0;
    else {
      unlinkSync(absolute(tree, path));
      removed += 1;
    }
  }
  return removed;
}

/** rsync puts no file in the place of a folder that is not empty, nor a folder in the place of a file. */
function makeWay(tree: string, copy: string, paths: readonly BytePath[]): void {
  for (const path of paths) {
    const [there, comes] = [look(tree, path), look(copy, path)];
    if (there === undefined || there.isDirectory() === comes?.isDirectory()) continue;
    if (!there.isDirectory()) unlinkSync(absolute(tree, path));
    else if (!removeIfEmpty(tree, path)) {
      throw new StepError(
        'copy.carry-back-blocked',
        `${showPath(path)} became a file in ${copy}, and in ${tree} it is a folder that holds something else`,
        `Move it away from ${tree}, and roll back again.`,
      );
    }
  }
}

function removeIfEmpty(tree: string, path: BytePath): boolean {
  try {
    rmdirSync(absolute(tree, path));
    return true;
  } catch (error) {
    if (['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
}

async function mustBeAlike(
  copy: string,
  tree: string,
  paths: readonly BytePath[],
  signal: AbortSignal,
): Promise<void> {
  const unlike: BytePath[] = [];
  const files: BytePath[] = [];
  for (const path of paths) {
    const [one, other] = [look(copy, path), look(tree, path)];
    if (one === undefined || other === undefined) {
      unlike.push(path);
      continue;
    }
    const [wanted, found] = [entryOf(copy, { path, stat: one }), entryOf(tree, { path, stat: other })];
    // The last name to arrive gives a folder its time.
    const differences = metadataDifferences(wanted, found).filter(
      ({ kind }) => !(kind === 'mtime' && wanted.type === 'folder'),
    );
    if (differences.length > 0) unlike.push(path);
    else if (wanted.type === 'file') files.push(path);
  }
  const hashes = new Map<number, string | undefined>();
  const jobs = function* (): Generator<HashJob, void> {
    for (const [index, path] of files.entries()) {
      yield { id: 2 * index, path: under(copy, path), size: 0 };
      yield { id: 2 * index + 1, path: under(tree, path), size: 0 };
    }
  };
  await hashFiles(jobs(), {
    readers: 8,
    direct: false,
    signal,
    onResult: ({ id, hash }) => hashes.set(id, hash),
  });
  for (const [index, path] of files.entries()) {
    const hash = hashes.get(2 * index);
    if (hash === undefined || hash !== hashes.get(2 * index + 1)) unlike.push(path);
  }
  if (unlike.length === 0) return;
  throw new StepError(
    'copy.carry-back-differs',
    `${unlike.length} paths in ${tree} are not what was carried back from ${copy}, such as ${unlike.slice(0, 3).map(showPath).join(', ')}`,
    'Something writes to one of the two: stop it, and roll back again.',
  );
}
