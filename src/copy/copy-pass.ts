import { isWithin, type BytePath } from './byte-path.ts';
import { readCopiedFiles } from './copy-log-read.ts';
import { copyLogFile } from './copy-log.ts';
import { CopyLog } from './copy-log-write.ts';
import { settleDoubts } from './doubt.ts';
import { leftoversAmong } from './far/leftovers.ts';
import type { Inventory } from './inventory.ts';
import { takeInventory } from './inventory-take.ts';
import { removeLeftovers, temporaryFiles } from './leftovers.ts';
import { guarded, type CopyMachine } from './machine.ts';
import { recordManifest } from './manifest-record.ts';
import type { PassOptions, PassResult } from './pass.ts';
import { excludedPaths } from './rsync-command.ts';
import { rsyncOnce } from './rsync-pass.ts';
import { localTree } from './tree.ts';

/**
 * One pass of a copy. `warm`: the source lives, and only time is saved. `final`: the source is frozen;
 * at the end the target is as the source is, and the manifest holds every path.
 *
 * Safe to repeat after any interruption; the target is written to only while the guard allows it.
 */
export async function copyPass(options: PassOptions, machine: CopyMachine): Promise<PassResult> {
  const { from, to, pass, manifest, owner, source, target } = options;
  const exclude = excludedPaths(options.exclude);
  const tree = options.fromTree ?? localTree(from);
  const attributes = pass === 'final' ? tree.attributes(machine.signal) : undefined;
  const log = new CopyLog(copyLogFile(manifest), { owner, source, target });
  try {
    machine.log(`looking at ${tree.place}`);
    // Before rsync reads: whatever changes afterwards has another ctime than what is remembered here.
    const inventory = await takeInventory(from, {
      to,
      exclude,
      tree,
      signal: machine.signal,
      onInode: ({ path }) => attributes?.add(path),
    });
    const known = await attributes?.finish();
    readCopiedFiles(copyLogFile(manifest), (copied, synced) => inventory.recall(copied, synced));
    log.beginPass(pass);
    // In this order, since rsync's own --delete would remove them only after it made room for the rest.
    const leftovers = await guarded(machine, () => removeHalfWritten(options, exclude, inventory));
    const work = { inventory, log, machine };
    const transferred = await rsyncOnce(options, work);
    const settled =
      pass === 'final' ? await settleDoubts(options, work, transferred) : { readAgain: 0, mended: 0 };
    const counts = { transferredFiles: transferred.files, transferredBytes: transferred.bytes };
    log.endPass({ passEnded: pass, ...counts });
    const result = { ...counts, deleted: transferred.deleted, ...settled, leftovers };
    if (known === undefined) return result;
    return {
      ...result,
      manifest: await recordManifest(options, { inventory, attributes: known, exclude, machine }),
    };
  } finally {
    attributes?.abandon();
    log.close();
  }
}

/** @returns how many */
async function removeHalfWritten(
  { from, to, fromTree, toTree }: PassOptions,
  exclude: ReadonlySet<BytePath>,
  inventory: Inventory,
): Promise<number> {
  if (fromTree === undefined && toTree === undefined) return removeLeftovers(from, to, exclude);
  const candidates = toTree === undefined ? temporaryFiles(to, exclude) : await toTree.temporaryFiles();
  const leftovers = leftoversAmong(candidates, inventory).filter((path) => !isWithin(path, exclude));
  await (toTree ?? localTree(to)).remove(leftovers);
  return leftovers.length;
}
