import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, test } from 'vitest';
import { openManifest } from '../../../src/copy/manifest-read.ts';
import { verify } from '../../../src/copy/verify.ts';
import { compareTrees } from '../../copy/compare-trees.ts';
import { engines, type Trees } from '../../copy/engines.ts';
import { temporaryFolder } from '../../copy/folder.ts';
import { growHuge, growLarge, growTree, randomFrom } from '../../copy/sample-tree.ts';
import { disk, needsRoot } from './disk.ts';

const types = ['ext4', 'xfs'] as const;
const script = join(import.meta.dirname, '../../copy/copy-once.ts');

function trees(type: (typeof types)[number]): Trees {
  const megabytes = type === 'xfs' ? 320 : 128;
  const [old, ssd] = [disk({ type, megabytes }), disk({ type, megabytes })];
  const all = { from: join(old.point, 'nix'), to: join(ssd.point, 'nix'), manifest: '' };
  mkdirSync(all.from);
  mkdirSync(all.to);
  return { ...all, manifest: join(temporaryFolder(), 'manifest') };
}

/** A final pass in processes of its own, all of which are killed at some line; the lines that were said. */
async function copy({ from, to, manifest }: Trees, engine: string, killAtLine?: number): Promise<string[]> {
  const child = spawn(process.execPath, [script, from, to, manifest], {
    detached: true,
    env: { ...process.env, ENGINE: engine },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const said: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    said.push(line);
    if (said.length === killAtLine) process.kill(-(child.pid ?? 0), 'SIGKILL');
  }
  return said;
}

async function expectEqual({ from, to, manifest }: Trees): Promise<void> {
  expect(await compareTrees(from, to)).toEqual([]);
  const watch = { progress: () => {}, now: () => performance.now() };
  expect(await verify({ manifest: openManifest(manifest), target: to }, watch)).toMatchObject({
    first: [],
    cache: 'bypassed',
  });
}

describe.each(engines)('$name', { skip: needsRoot }, ({ name }) => {
  test.each(types.flatMap((type) => [11, 12].map((seed) => ({ type, seed }))))(
    'makes a copy that is equal on $type, killed at three random moments before (seed $seed)',
    async ({ type, seed }) => {
      const all = trees(type);
      const random = randomFrom(seed);
      growTree(all.from, { seed, files: 40 + Math.floor(random() * 150) });
      const whole = (await copy(all, name)).length;
      expect(whole).toBeGreaterThan(100);
      await expectEqual(all);

      const again = trees(type);
      growTree(again.from, { seed });
      for (let kill = 0; kill < 3; kill += 1)
        expect(await copy(again, name, 1 + Math.floor(random() * 150))).not.toContain('done');
      expect(await copy(again, name)).toContain('done');
      await expectEqual(again);
    },
  );

  test('makes an equal copy of a folder of 20,000 entries, killed in it before', async () => {
    const all = trees('ext4');
    growHuge(all.from);
    expect(await copy(all, name, 8_000)).not.toContain('done');
    expect(await copy(all, name)).toContain('done');
    await expectEqual(all);
  });

  test('makes an equal copy of a file of 4 GiB and a byte', async () => {
    const all = trees('xfs');
    growLarge(all.from);
    expect(await copy(all, name)).toContain('done');
    await expectEqual(all);
  });
});
