import { execFileSync, spawn } from 'node:child_process';
import {
  closeSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, onTestFinished, test } from 'vitest';
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

/** Makes a final pass in processes of its own, all of which are killed at some line of rsync. */
async function killedAt(line: number, { from, to, manifest }: Trees, side: Side, sshd: Sshd): Promise<void> {
  const script = join(import.meta.dirname, 'far-copy-once.ts');
  const words = [script, from, to, manifest, side, JSON.stringify(sshd.access)];
  const child = spawn(process.execPath, words, { detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
  let said = 0;
  for await (const text of createInterface({ input: child.stdout })) {
    expect(text).not.toBe('done');
    said += 1;
    if (said === line) process.kill(-(child.pid ?? 0), 'SIGKILL');
  }
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

    test('a copy that is killed twice is equal after the next attempt, and no half-written file stays', async () => {
      const all = trees();
      const sshd = await startSshd();
      growTree(all.from, { seed: 22, files: 60 });
      for (const line of [30, 70]) await killedAt(line, all, side, sshd);
      writeFileSync(join(all.to, '.file-3.Xy12Zz'), 'half of it');
      const { more } = farSide(sshd, side, all);
      await passOf(engine, 'final', all, localMachine(), more);
      expect(await compareTrees(all.from, all.to)).toEqual([]);
      const manifest = openManifest(all.manifest);
      expect(await verify({ manifest, target: all.to }, watch)).toMatchObject({
        first: [],
        cache: 'bypassed',
      });
    });

    test('a file that is torn under the same size and time, and skipped by rsync, is found and replaced', async () => {
      const all = trees();
      const sshd = await startSshd();
      for (const root of [all.from, all.to]) {
        writeFileSync(join(root, 'torn'), root === all.from ? 'the content' : 'the c0ntent');
        utimesSync(join(root, 'torn'), 1, 1);
      }
      const { more } = farSide(sshd, side, all);
      const passed = await passOf(engine, 'final', all, localMachine(), more);
      expect(passed).toMatchObject({ readAgain: 1, mended: 1 });
      expect(readFileSync(join(all.to, 'torn'), 'utf8')).toBe('the content');
    });
  },
);

test.skipIf(needsRoot || sshdPath === undefined)(
  'each fault that is planted in a copy on another machine is found there, by its kind',
  async () => {
    const all = trees();
    const sshd = await startSshd();
    for (const name of ['flipped', 'cut', 'one', 'other', 'gone', 'coloured', 'sound'])
      writeFileSync(join(all.from, name), `content of ${name}`);
    linkSync(join(all.from, 'sound'), join(all.from, 'sound-too'));
    execFileSync('setfattr', ['-n', 'user.colour', '-v', 'red', join(all.from, 'coloured')]);
    const { tree, more } = farSide(sshd, 'to', all);
    await passOf(engine, 'final', all, localMachine(), more);
    const at = (name: string) => join(all.to, name);
    const { mtimeMs } = statSync(at('flipped'));
    const file = openSync(at('flipped'), 'r+');
    writeSync(file, 'X', 3);
    closeSync(file);
    utimesSync(at('flipped'), mtimeMs / 1_000, mtimeMs / 1_000);
    truncateSync(at('cut'), 4);
    rmSync(at('gone'));
    execFileSync('setfattr', ['-x', 'user.colour', at('coloured')]);
    writeFileSync(at('extra'), '');
    writeFileSync(at('.sound.aB3dEf'), 'half of it');
    rmSync(at('sound-too'));
    execFileSync('cp', ['-p', at('sound'), at('sound-too')]);
    const found = await verify({ manifest: openManifest(all.manifest), target: all.to, tree }, watch);
    const kinds = found.first.map(({ kind, path }) => `${kind} ${path}`);
    for (const fault of [
      'content flipped',
      'size cut',
      'missing gone',
      'attributes coloured',
      'extra extra',
      'extra .sound.aB3dEf',
    ])
      expect(kinds).toContain(fault);
    expect(found.kinds['hard-link']).toBeGreaterThan(0);
    expect(kinds.filter((kind) => / (one|other)$/.test(kind))).toEqual([]);
  },
);
