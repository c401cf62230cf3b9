import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openManifest } from '../../src/copy/manifest-read.ts';
import { verify } from '../../src/copy/verify.ts';
import { compareTrees } from './compare-trees.ts';
import { engines, passOf, type Trees } from './engines.ts';
import { temporaryFolder } from './folder.ts';
import { liveTree } from './live-tree.ts';
import { localMachine } from './local-machine.ts';
import { growTree, isRoot } from './sample-tree.ts';

function trees(): Trees {
  const folder = temporaryFolder();
  const all = { from: join(folder, 'from'), to: join(folder, 'to'), manifest: join(folder, 'manifest') };
  mkdirSync(all.from);
  mkdirSync(all.to);
  return all;
}

const quiet = { progress: () => {}, now: () => performance.now() };

describe.each(engines)('$name', (engine) => {
  test.each([1, 2])(
    'copies a tree that changes all the time while it is copied, and is equal once it stands still (seed %i)',
    async (seed) => {
      const all = trees();
      growTree(all.from, { seed });
      const change = liveTree(all.from, seed);
      let lines = 0;
      const machine = localMachine({ onLine: () => void ((lines += 1) % 2 === 0 && change()) });
      // rsync may come across what it cannot make sense of; that saves less time, and nothing else.
      await passOf(engine, 'warm', all, machine).catch(() => {});
      for (let count = 0; count < 20; count += 1) change();
      await passOf(engine, 'final', all);
      expect(await compareTrees(all.from, all.to)).toEqual([]);
      const { first } = await verify({ manifest: openManifest(all.manifest), target: all.to }, quiet);
      expect(first).toEqual([]);
    },
  );

  test('refuses a path that is too long for any program to name, before anything is written', async () => {
    const all = trees();
    const deep = `name=${'x'.repeat(200)}; for i in $(seq 19); do mkdir $name && cd $name; done; mkdir -p $name/$name/$name`;
    execFileSync('sh', ['-c', deep], { cwd: all.from });
    for (const kind of ['warm', 'final'] as const)
      await expect(passOf(engine, kind, all)).rejects.toThrow(
        expect.objectContaining({ code: 'copy.path-too-long' }),
      );
    expect(readdirSync(all.to)).toEqual([]);
    await passOf(engine, 'final', all, localMachine(), { exclude: ['x'.repeat(200)] });
  });
});

if (!isRoot) console.log('left out, since only root can become another user: a copy by an ordinary user');
test.skipIf(!isRoot)(
  'an ordinary user copies his own tree, read-only folders and all, also after a kill',
  async () => {
    const all = trees();
    const nobody = 65_534;
    const folder = join(all.from, '..');
    for (const path of [folder, all.from, all.to]) chownSync(path, nobody, nobody);
    chmodSync(folder, 0o755);
    const as = (script: string, ...words: string[]) =>
      spawnSync(
        'setpriv',
        [
          ...[`--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups'],
          ...[process.execPath, join(import.meta.dirname, script), ...words],
        ],
        { encoding: 'utf8', timeout: 120_000 },
      );
    const grown = as('grow-once.ts', all.from, '5');
    expect(grown.stderr).toBe('');
    const copy = (...more: string[]) => as('copy-once.ts', all.from, all.to, all.manifest, ...more);
    expect(copy('40').signal).toBe('SIGKILL');
    const copied = copy();
    expect(copied.stderr).toBe('');
    expect(await compareTrees(all.from, all.to)).toEqual([]);
  },
);
