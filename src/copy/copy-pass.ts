import { messageOf } from '../errors.ts';
import { isWithin, type BytePath } from './byte-path.ts';
import { readCopiedFiles } from './copy-log-read.ts';
import { copyLogFile } from './copy-log.ts';
import { CopyLog } from './copy-log-write.ts';
import { capacityAt, doesNotFit, mayCompress, needOf, shortage } from './capacity.ts';
import { readsDirectly } from './content-check.ts';
import { isEmpty } from './dry-run.ts';
import { settleDoubts } from './doubt.ts';
import { leftoversAmong } from './far/leftovers.ts';
import { Following } from './following.ts';
import { Inventory } from './inventory.ts';
import { takeInventory } from './inventory-take.ts';
import { removeLeftovers, temporaryFiles } from './leftovers.ts';
import { guarded, type CopyMachine } from './machine.ts';
import { recordManifest } from './manifest-record.ts';
import type { ManifestSummary } from './manifest.ts';
import type { Moment } from './moment.ts';
import type { PassOptions, PassResult } from './pass.ts';
import { ReadAhead } from './read-ahead.ts';
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
  const inventory = new Inventory();
  const ahead = mayHurry(options) ? new ReadAhead(from, to, inventory) : undefined;
  let following: Following | undefined;
  try {
    machine.log(`looking at ${tree.place}`);
    // Before rsync reads: whatever changes afterwards has another ctime than what is remembered here.
    await takeInventory(from, {
      to,
      exclude,
      tree,
      signal: machine.signal,
      inventory,
      onInode: ({ path }) => {
        attributes?.add(path);
        ahead?.grown();
      },
    });
    mustFit(options, inventory);
    const known = await attributes?.finish();
    readCopiedFiles(copyLogFile(manifest), (copied, synced) => inventory.recall(copied, synced));
    log.beginPass(pass);
    // In this order, since rsync's own --delete would remove them only after it made room for the rest.
    const leftovers = await guarded(machine, () => removeHalfWritten(options, exclude, inventory));
    if (mayFollow(options, inventory)) following = new Following(to, inventory);
    const work = { inventory, log, machine, ahead, following };
    const transferred = await rsyncOnce(options, work);
    const settled =
      pass === 'final' ? await settleDoubts(options, work, transferred) : { readAgain: 0, mended: 0 };
    const counts = { transferredFiles: transferred.files, transferredBytes: transferred.bytes };
    log.endPass({ passEnded: pass, ...counts });
    const result = { ...counts, deleted: transferred.deleted, ...settled, leftovers };
    if (known === undefined) return result;
    const summary = await recordManifest(options, {
      inventory,
      attributes: known,
      exclude,
      machine,
      onFile: (slot, place) => following?.isAt(slot, place),
    });
    await following?.finish();
    if (options.began !== undefined) remember(following, options.began, summary, options, machine);
    return { ...result, manifest: summary };
  } finally {
    attributes?.abandon();
    await Promise.all([ahead?.end(), following?.end()]);
    log.close();
  }
}

/**
 * The first pass begins nothing that cannot come to its end. Later ones cannot tell what they need without
 * comparing everything.
 *
 * @throws StepError `copy.does-not-fit`
 */
function mustFit({ from, to, fromTree, toTree }: PassOptions, { totals }: Inventory): void {
  if (toTree !== undefined || !isEmpty(to) || mayCompress(to)) return;
  const lacks = shortage(needOf(totals, false), capacityAt(to));
  if (lacks !== undefined) throw doesNotFit(fromTree?.place ?? from, to, lacks);
}

/** Not where others are to come first, nor where a connection is what takes the time. */
function mayHurry({ idle, bandwidth, far }: PassOptions): boolean {
  return far === undefined && idle !== true && bandwidth === undefined;
}

function mayFollow(options: PassOptions, inventory: Inventory): boolean {
  if (options.began === undefined || !mayHurry(options) || !Following.isWorthwhile(inventory)) return false;
  return readsDirectly(options.to);
}

function remember(
  following: Following | undefined,
  since: Moment,
  summary: ManifestSummary,
  { target }: PassOptions,
  machine: CopyMachine,
): void {
  try {
    following?.remember(since, target.inode, summary);
  } catch (error) {
    // The copy is whole without it.
    machine.log(`the verification will read everything: ${messageOf(error)}`);
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
