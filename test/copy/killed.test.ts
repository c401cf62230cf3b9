import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { openManifest } from '../../src/copy/manifest-read.ts';
import { verify } from '../../src/copy/verify.ts';
import { compareTrees } from './compare-trees.ts';
import { temporaryFolder } from './folder.ts';
import { growTree } from './sample-tree.ts';

/** Runs a pass, and kills all its processes when it says a line for the nth time; whether it came to its end. */
async function run(places: string[], killAt?: { line: string; time: number }): Promise<boolean> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'copy-once.ts'), ...places], {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let times = 0;
  let done = false;
  for await (const line of createInterface({ input: child.stdout })) {
    done ||= line === 'done';
    if (killAt === undefined || !line.startsWith(killAt.line)) continue;
    times += 1;
    if (times === killAt.time) process.kill(-(child.pid ?? 0), 'SIGKILL');
  }
  return done;
}

test(
  'a copy that is killed wherever it stands, again and again, ends equal',
  { timeout: 120_000 },
  async () => {
    const folder = temporaryFolder();
    const [from, to, manifest] = [join(folder, 'from'), join(folder, 'to'), join(folder, 'manifest')];
    mkdirSync(from);
    mkdirSync(to);
    growTree(from, { files: 30 });
    writeFileSync(join(from, 'large'), Buffer.alloc(8_000_000, 7));
    const places = [from, to, manifest];
    const moments = [
      { line: 'looking', time: 1 },
      { line: 'line', time: 1 },
      { line: 'line', time: 25 },
      { line: 'line', time: 70 },
      { line: 'waiting', time: 1 },
      { line: 'reading', time: 1 },
    ];
    for (const moment of moments) expect(await run(places, moment), JSON.stringify(moment)).toBe(false);
    expect(await run(places)).toBe(true);
    expect(await compareTrees(from, to)).toEqual([]);
    const verification = await verify(
      { manifest: openManifest(manifest), target: to },
      { progress: () => {}, now: () => performance.now() },
    );
    expect(verification.first).toEqual([]);
    expect(readdirSync(folder).toSorted()).toEqual(['from', 'manifest', 'manifest.copylog', 'to']);
  },
);
