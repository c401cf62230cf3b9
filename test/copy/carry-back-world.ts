import { appendFileSync, chmodSync, linkSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { asidePlace } from '../../src/copy/aside.ts';
import type { CarryBackOptions } from '../../src/copy/carry-back.ts';
import { copyPass } from '../../src/copy/copy-pass.ts';
import { firstPaths, laterWrites, type LaterWrite } from '../../src/copy/later-writes.ts';
import type { CopyMachine } from '../../src/copy/machine.ts';
import { openManifest } from '../../src/copy/manifest-read.ts';
import { temporaryFolder } from './folder.ts';
import { identityOf, localMachine } from './local-machine.ts';
import { growTree } from './sample-tree.ts';

const asRoot = process.getuid?.() === 0;
/** The copies are younger than their manifests in these tests, whose machine has a fixed date. */
const now = () => new Date().toISOString();

export interface World {
  readonly tree: string;
  readonly copy: string;
  readonly aside: string;
  readonly manifest: string;
  readonly machine: CopyMachine;
}

/** A tree and its copy, with the manifest of its final pass. */
export async function copied(files = 6): Promise<World> {
  const folder = temporaryFolder();
  const [tree, copy, manifest] = [join(folder, 'old'), join(folder, 'new'), join(folder, 'manifest')];
  mkdirSync(tree);
  mkdirSync(copy);
  growTree(tree, { files });
  // The shared disk of a test machine takes its time, and nothing here is cut from power.
  const machine = localMachine({ date: now, flush: async () => 0 });
  await copyPass(
    {
      ...{ from: tree, to: copy, pass: 'final', manifest, asRoot, owner: 'run', engine: 'rsync' },
      ...{ source: identityOf(tree), target: identityOf(copy) },
    },
    machine,
  );
  return { tree, copy, manifest, machine, aside: asidePlace(tree, 'replaced', 'run-1') };
}

export const news = ({ manifest, copy }: World): Promise<readonly LaterWrite[]> =>
  laterWrites(openManifest(manifest), copy);
export const told = async (world: World) => {
  const writes = await news(world);
  const paths = firstPaths(writes, Infinity);
  return writes.map(({ what }, index) => `${what} ${paths[index]}`);
};
export const options = async (world: World): Promise<CarryBackOptions> => ({
  ...{ copy: world.copy, tree: world.tree, aside: world.aside, writes: await news(world) },
  ...{ list: `${world.manifest}.list`, kept: false, asRoot },
});

/** One of everything that may happen to a copy in use. */
export function live({ copy }: World): void {
  writeFileSync(join(copy, 'new\nname'), 'new');
  writeFileSync(join(copy, '# no comment'), 'new');
  writeFileSync(join(copy, ';nor this'), 'new');
  mkdirSync(join(copy, 'added/deep'), { recursive: true });
  writeFileSync(join(copy, 'added/deep/file'), 'deep');
  linkSync(join(copy, 'added/deep/file'), join(copy, 'added/link'));
  symlinkSync('deep/file', join(copy, 'added/symlink'));
  appendFileSync(join(copy, 'with space'), 'more');
  chmodSync(join(copy, 'var'), 0o700);
  rmSync(join(copy, 'victim'));
  rmSync(join(copy, 'becomes a folder'));
  mkdirSync(join(copy, 'becomes a folder'));
  writeFileSync(join(copy, 'becomes a folder/inner'), 'x');
  rmSync(join(copy, 'becomes a file'), { recursive: true });
  writeFileSync(join(copy, 'becomes a file'), 'y');
}

/** What `live` needs to be there before the copy. */
export async function prepared(): Promise<World> {
  const world = await copied(2);
  for (const side of [world.tree]) {
    writeFileSync(join(side, 'victim'), 'victim');
    writeFileSync(join(side, 'becomes a folder'), 'was a file');
    mkdirSync(join(side, 'becomes a file'));
    writeFileSync(join(side, 'becomes a file/inner'), 'was in a folder');
  }
  const { tree: from, copy: to, manifest, machine } = world;
  await copyPass(
    {
      ...{ from, to, pass: 'final', manifest, asRoot, owner: 'run', engine: 'rsync' },
      ...{ source: identityOf(from), target: identityOf(to) },
    },
    machine,
  );
  return world;
}
