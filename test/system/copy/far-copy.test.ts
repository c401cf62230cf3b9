import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FarShell } from '../../../src/copy/far/shell.ts';
import { farTree, type FarTree } from '../../../src/copy/far/tree.ts';
import { openManifest } from '../../../src/copy/manifest-read.ts';
import type { PassOptions } from '../../../src/copy/pass.ts';
import { verify } from '../../../src/copy/verify.ts';
import { compareTrees } from '../../copy/compare-trees.ts';
import { engines, passOf, type Trees } from '../../copy/engines.ts';
import { temporaryFolder } from '../../copy/folder.ts';
import { localMachine } from '../../copy/local-machine.ts';
import { growTree } from '../../copy/sample-tree.ts';
import { sshdPath } from '../cli-processes/far-machine.ts';
import { disk, needsRoot } from './disk.ts';
import { startSshd, type Sshd } from './far-sshd.ts';
import { onTestFinished } from 'vitest';

type Side = 'from' | 'to';
const [engine] = engines;
if (engine === undefined) throw new Error('no engine');

function trees(): Trees {
  const [old, ssd] = [disk(), disk()];
  const all = { from: join(old.point, 'nix'), to: join(ssd.point, 'nix'), manifest: '' };
  mkdirSync(all.from);
  mkdirSync(all.to);
  return { ...all, manifest: join(temporaryFolder(), 'manifest') };
}

function farSide(sshd: Sshd, side: Side, all: Trees): { tree: FarTree; more: Partial<PassOptions> } {
  const shell = new FarShell(sshd.access);
  onTestFinished(() => shell.close());
  const tree = farTree(shell, all[side], temporaryFolder());
  const far = { side, access: sshd.access };
  return { tree, more: { far, ...(side === 'from' ? { fromTree: tree } : { toTree: tree }) } };
}

const watch = { progress: () => {}, now: () => performance.now() };

describe.each(['from', 'to'] as const)(
  'with `%s` on another machine',
  { skip: needsRoot || sshdPath === undefined },
  (side) => {
    test('a copy is equal in everything that a file system holds, and its verification reads the disk', async () => {
      const all = trees();
      const sshd = await startSshd();
      growTree(all.from, { seed: 21, files: 80 });
      const { tree, more } = farSide(sshd, side, all);
      const machine = localMachine();
      const passed = await passOf(engine, 'final', all, machine, more);
      expect(passed).toMatchObject({ mended: 0, readAgain: 0 });
      expect(await compareTrees(all.from, all.to)).toEqual([]);
      const manifest = openManifest(all.manifest);
      expect(await verify({ manifest, target: all.to }, watch)).toMatchObject({
        first: [],
        cache: 'bypassed',
      });
      const target = side === 'to' ? tree : farSide(sshd, 'to', all).tree;
      expect(await verify({ manifest, target: all.to, tree: target }, watch)).toMatchObject({
        first: [],
        cache: 'bypassed',
      });
    });
  },
);
