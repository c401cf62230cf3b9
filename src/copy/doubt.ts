import { StepError } from '../errors.ts';
import { showPath, under, type BytePath } from './byte-path.ts';
import type { CopyLog } from './copy-log-write.ts';
import type { HashJob, HashResult } from './hash-pool.ts';
import { knowledge, type Inventory } from './inventory.ts';
import type { CopyMachine } from './machine.ts';
import { sourceChanged, type PassOptions } from './pass.ts';
import { ProgressReport } from './progress-report.ts';
import { rsyncOnce, type Transferred } from './rsync-pass.ts';
import { localTree, type Tree } from './tree.ts';

interface Work {
  readonly inventory: Inventory;
  readonly log: CopyLog;
  readonly machine: CopyMachine;
}

/** By slot, the first name of each file that is in doubt. */
type Doubts = ReadonlyMap<number, BytePath>;

/**
 * Reads again what rsync took for up to date and nobody can vouch for. rsync compares size and mtime,
 * which say nothing in a Nix store, where every mtime is 1; so a file that an earlier attempt left torn,
 * or that was there before, is found by its content alone, and replaced.
 *
 * @throws StepError `copy.source-changed`, `copy.cannot-read`, `copy.cannot-mend`
 */
export async function settleDoubts(
  options: PassOptions,
  work: Work,
  transferred: Transferred,
): Promise<{ readAgain: number; mended: number }> {
  const from = options.fromTree ?? localTree(options.from);
  const to = options.toTree ?? localTree(options.to);
  const { inventory, machine, log } = work;
  const unknown = doubtful(inventory, (how) => how === knowledge.none);
  const doubts = doubtful(inventory, (how) => how === knowledge.none || how === knowledge.unsynced);
  if (doubts.size === 0) return { readAgain: 0, mended: 0 };
  machine.log(`reading ${doubts.size} files that were already there, since nobody vouches for them`);

  await read(from, unknown, options, work, 'reading the source', (slot, path, result) => {
    if (result.hash === undefined) throw cannotRead(from.place, path, result);
    const { inode = 0n, ctimeNs = 0n, size = 0 } = result;
    if (!inventory.isUnchanged(slot, { ino: inode, ctimeNs, size: BigInt(size) }))
      throw sourceChanged(from.place, path);
    inventory.learn(slot, result.hash, knowledge.read);
  });
  const torn = await differing(to, doubts, options, work);
  for (const [slot, path] of doubts) {
    log.add(inventory.copied(path, slot, inventory.hashOf(slot) ?? ''), machine.now());
  }
  if (torn.size === 0) return { readAgain: doubts.size, mended: 0 };

  machine.log(`replacing ${torn.size} files whose content is not the source's: ${list(torn)}`);
  await machine.guard();
  // Gone, they are copied by an ordinary pass, with all their hard links.
  await to.remove([...inventory.paths].filter(([, slot]) => torn.has(slot)).map(([path]) => path));
  const again = await rsyncOnce(options, work);
  transferred.files += again.files;
  transferred.bytes += again.bytes;
  transferred.deleted += again.deleted;
  const still = await differing(to, torn, options, work);
  if (still.size > 0) {
    throw new StepError(
      'copy.cannot-mend',
      `files on the target differ from the source also after they were copied anew: ${list(still)}`,
      'The target disk, its cable or the memory may be failing: see dmesg and smartctl, and do not rely on this disk.',
    );
  }
  return { readAgain: doubts.size, mended: torn.size };
}

function doubtful(inventory: Inventory, isDoubtful: (how: number) => boolean): Doubts {
  const doubts = new Map<number, BytePath>();
  for (const [path, slot] of inventory.paths) {
    if (!doubts.has(slot) && isDoubtful(inventory.knowledgeOf(slot))) doubts.set(slot, path);
  }
  return doubts;
}

/** Those whose content on the target is not what is known of the source. */
async function differing(to: Tree, doubts: Doubts, options: PassOptions, work: Work): Promise<Doubts> {
  const torn = new Map<number, BytePath>();
  await read(to, doubts, options, work, 'reading the target', (slot, path, { hash, error }) => {
    if (hash === undefined && error?.code !== 'ENOENT') throw cannotRead(to.place, path, { error });
    if (hash !== work.inventory.hashOf(slot)) torn.set(slot, path);
  });
  return torn;
}

async function read(
  tree: Tree,
  doubts: Doubts,
  { readers = 8 }: PassOptions,
  { inventory, machine }: Work,
  doing: string,
  each: (slot: number, path: BytePath, result: HashResult) => void,
): Promise<void> {
  let bytes = 0;
  for (const slot of doubts.keys()) bytes += inventory.sizeOf(slot);
  const report = new ProgressReport(doing, { bytes, files: doubts.size }, machine.progress, machine.now);
  const jobs = function* (): Generator<HashJob, void> {
    for (const [slot, path] of doubts)
      yield { id: slot, path: under(tree.root, path), size: inventory.sizeOf(slot) };
  };
  await tree.hash(jobs(), {
    readers,
    direct: false,
    signal: machine.signal,
    onRead: (count) => report.add(count, 0),
    onResult: (result) => {
      report.add(0, 1);
      each(result.id, doubts.get(result.id) ?? '.', result);
    },
  });
  report.end();
}

function list(doubts: Doubts): string {
  const shown = [...doubts.values()].slice(0, 5).map(showPath);
  return shown.join(', ') + (doubts.size > shown.length ? ` and ${doubts.size - shown.length} more` : '');
}

function cannotRead(root: string, path: BytePath, { error }: Pick<HashResult, 'error'>): StepError {
  return new StepError(
    'copy.cannot-read',
    `cannot read ${showPath(path)} in ${root}: ${error?.message ?? 'unknown'}`,
    error?.code === 'EIO' ? 'The disk is failing: see dmesg.' : undefined,
  );
}
