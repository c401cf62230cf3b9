import type { Attributes } from './attributes.ts';
import type { BytePath } from './byte-path.ts';
import { entryOf } from './entry.ts';
import { inTurns } from './inventory-take.ts';
import type { Inventory } from './inventory.ts';
import type { CopyMachine } from './machine.ts';
import { ManifestWriter } from './manifest-write.ts';
import { manifestVersion, type ManifestSummary } from './manifest.ts';
import { sourceChanged, type PassOptions } from './pass.ts';
import { localTree } from './tree.ts';
import type { Found } from './walk.ts';

interface Known {
  readonly inventory: Inventory;
  /** By the first name of each inode that has any. */
  readonly attributes: ReadonlyMap<BytePath, Attributes>;
  readonly exclude: ReadonlySet<BytePath>;
  readonly machine: CopyMachine;
  /** Told of each file's place in the manifest. */
  readonly onFile?: ((slot: number, place: number) => void) | undefined;
}

/**
 * Walks the source once more and writes what it holds, which proves on the way that it stood still.
 *
 * @throws StepError `copy.source-changed`, `manifest.cannot-write`
 */
export async function recordManifest(
  { from, fromTree, manifest, source, target, engine, exclude: excluded = [] }: PassOptions,
  { inventory, attributes, exclude, machine, onFile }: Known,
): Promise<ManifestSummary> {
  const writer = new ManifestWriter(manifest, {
    manifest: manifestVersion,
    source,
    target,
    completedAt: machine.date(),
    engine,
    algorithm: 'xxh128',
    excluded: [...excluded],
  });
  try {
    let [files, place] = [0, 0];
    const linked = new Map<bigint, Attributes>();
    const attributesOf = ({ path, stat }: Found) => {
      const isLinked = stat.nlink > 1n && !stat.isDirectory();
      const own = attributes.get(path) ?? (isLinked ? linked.get(stat.ino) : undefined);
      if (own !== undefined && isLinked) linked.set(stat.ino, own);
      return own;
    };
    for await (const found of inTurns(
      await (fromTree ?? localTree(from)).paths({ exclude, signal: machine.signal }),
      machine.signal,
    )) {
      place += 1;
      if (!found.stat.isFile()) {
        writer.add(entryOf(from, found, { attributes: attributesOf(found) }));
        continue;
      }
      files += 1;
      const slot = inventory.paths.get(found.path);
      if (slot === undefined || !inventory.isUnchanged(slot, found.stat))
        throw sourceChanged(from, found.path);
      onFile?.(slot, place - 1);
      writer.add(entryOf(from, found, { hash: inventory.hashOf(slot), attributes: attributesOf(found) }));
    }
    if (files !== inventory.totals.files) throw sourceChanged(from, undefined);
    await machine.guard();
    return writer.finish();
  } catch (error) {
    writer.abandon();
    throw error;
  }
}
