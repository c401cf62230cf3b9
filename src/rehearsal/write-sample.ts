import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sampleBytes, type SampleTree } from './sample-store.ts';

/** What `store-add-trees` is told of one tree. */
export interface TreeToAdd {
  readonly name: string;
  /** Where the tree lies, as the world sees it. */
  readonly path: string;
  /** Names of earlier trees that it mentions as `@NAME@`. */
  readonly references: readonly string[];
}

/**
 * Writes trees beneath a folder, a numbered one each.
 *
 * @param folder as the world sees it; `root` is the world's root directory here
 */
export function writeSampleTrees(
  root: string,
  folder: string,
  trees: readonly SampleTree[],
): readonly TreeToAdd[] {
  return trees.map(({ name, entries, references }, index) => {
    const path = join(folder, String(index));
    mkdirSync(join(root, folder), { recursive: true });
    for (const entry of entries) {
      const full = join(root, path, entry.path);
      if (entry.kind === 'folder') mkdirSync(full);
      else if (entry.kind === 'symlink') symlinkSync(entry.target, full);
      else {
        writeFileSync(full, sampleBytes(entry.content));
        chmodSync(full, entry.executable ? 0o755 : 0o644);
      }
    }
    return { name, path, references };
  });
}
