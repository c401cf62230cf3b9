import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { truncateSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { copyTree, verifyTree } from '../../../src/operations/index.ts';
import { compareTrees } from '../../copy/compare-trees.ts';
import { temporaryFolder } from '../../copy/folder.ts';
import { growTree } from '../../copy/sample-tree.ts';
import { drive } from '../../operations/drive.ts';
import { disk, needsRoot, type Disk } from './disk.ts';

function world() {
  const [old, ssd] = [disk({ megabytes: 64 }), disk({ megabytes: 96 })];
  const [from, to] = [join(old.point, 'nix'), join(ssd.point, 'nix')];
  const folder = temporaryFolder();
  const run = { folder };
  const manifest = join(folder, 'manifest');
  mkdirSync(from);
  return {
    ...{ old, ssd, from, to, folder },
    pass: (kind: 'warm' | 'final') => drive(copyTree, { from, to, manifest, pass: kind }, { run }),
    verifying: () => drive(verifyTree, { target: to, manifest }, { run }),
  };
}

/** Blocks of 1 KiB on the disk where a file that lies in one piece begins. */
function placeOf(file: string): number {
  const lines = execFileSync('filefrag', ['-b1024', '-v', file]).toString().split('\n');
  const extents = lines.flatMap((line) => /^ *\d+: +\d+\.\. +\d+: +(\d+)\.\./.exec(line)?.[1] ?? []);
  if (extents.length !== 1) throw new Error(`${file} lies in ${extents.length} pieces`);
  return Number(extents[0]);
}

/** The disk from some place on can no longer be read, until what this gives is called. Nothing in memory hides it. */
function unreadable(disk: Disk, file: string): () => void {
  disk.unmount();
  disk.mount();
  // A write beyond its end would make the image longer again.
  execFileSync('mount', ['-o', 'remount,ro', disk.point]);
  const start = placeOf(file) * 1024;
  const image = readFileSync(disk.image);
  truncateSync(disk.image, start);
  return () => {
    const descriptor = openSync(disk.image, 'r+');
    writeSync(descriptor, image, start, image.length - start, start);
    closeSync(descriptor);
    disk.unmount();
    disk.mount();
  };
}

/** Fills a disk with files of one piece, and gives the name of the one that lies last. */
function fill(folder: string): string {
  const names: string[] = [];
  for (let index = 0; ; index += 1) {
    const name = `filler-${index}`;
    try {
      writeFileSync(join(folder, name), Buffer.alloc(400_000, `${name} `));
      names.push(name);
    } catch {
      rmSync(join(folder, name), { force: true });
      break;
    }
  }
  execFileSync('sync', ['-f', folder]);
  const placed = names.flatMap((name) => {
    try {
      return { name, place: placeOf(join(folder, name)) };
    } catch {
      return [];
    }
  });
  const last = placed.toSorted((one, other) => other.place - one.place)[0]?.name;
  if (last === undefined) throw new Error('no file lies in one piece');
  for (const name of names) if (name !== last) rmSync(join(folder, name));
  execFileSync('sync', ['-f', folder]);
  return last;
}

/** Changes one byte of a file on its disk, as decay does: no time says so. */
function rot(disk: Disk, text: string): void {
  disk.unmount();
  const descriptor = openSync(disk.image, 'r+');
  writeSync(descriptor, 'X', readFileSync(disk.image).indexOf(text) + 1);
  closeSync(descriptor);
  disk.mount();
}

describe('a byte of the source that its disk lost after the copy', { skip: needsRoot }, () => {
  test('is not in the copy, whose verification passes; and the copy is not given up for that source', async () => {
    const all = world();
    const text = 'a text that stands nowhere else on this disk';
    writeFileSync(join(all.from, 'victim'), text);
    growTree(all.from, { files: 10 });
    const final = await all.pass('final');
    await final.act();
    rot(all.old, text);
    expect(readFileSync(join(all.from, 'victim'), 'utf8')).not.toBe(text);
    await (await all.verifying()).act();
    await expect(final.undo()).rejects.toMatchObject({
      code: 'copy.undo-source-lost',
      message: expect.stringContaining('victim') as string,
    });
    expect(readFileSync(join(all.to, 'victim'), 'utf8')).toBe(text);
    // As the message says.
    execFileSync('cp', ['-p', join(all.to, 'victim'), join(all.from, 'victim')]);
    await final.undo();
    expect(existsSync(all.to)).toBe(false);
  });
});

describe('a read error of the disk', { skip: needsRoot }, () => {
  test.each(['warm', 'final'] as const)(
    'in one file of the source: a %s pass names it, copies the rest and fails; after the mend only that file is copied',
    async (kind) => {
      const all = world();
      const victim = fill(all.from);
      growTree(all.from, { files: 30 });
      const mend = unreadable(all.old, join(all.from, victim));
      const pass = await all.pass(kind);
      await expect(pass.act()).rejects.toMatchObject({
        code: 'copy.rsync-failed',
        message: expect.stringMatching(new RegExp(`${victim}".*Input/output error`)) as string,
      });
      expect(await pass.probe()).toBe('partial');
      expect(existsSync(join(all.to, victim))).toBe(false);
      mend();
      expect(await compareTrees(all.from, all.to, { ignore: [victim] })).toEqual([]);
      const again = kind === 'warm' ? await all.pass('final') : pass;
      expect(await again.act()).toMatchObject({ transferredFiles: 1, transferredBytes: 400_000 });
      expect(again.log.join('\n')).not.toContain('read again');
      expect(await compareTrees(all.from, all.to)).toEqual([]);
      await (await all.verifying()).act();
    },
  );

  test('in one file of the copy: the verification names it, and compares the rest', async () => {
    const all = world();
    mkdirSync(all.to);
    const victim = fill(all.to);
    growTree(all.from, { files: 30 });
    execFileSync('cp', ['-p', join(all.to, victim), all.from]);
    execFileSync('touch', ['-r', join(all.from, victim), join(all.to, victim)]);
    const final = await drive(
      copyTree,
      { from: all.from, to: all.to, manifest: join(all.folder, 'manifest'), pass: 'final', into: 'existing' },
      { run: { folder: all.folder } },
    );
    await final.act();
    const mend = unreadable(all.ssd, join(all.to, victim));
    await expect((await all.verifying()).act()).rejects.toMatchObject({
      code: 'verify.differs',
      message: expect.stringMatching(
        new RegExp(`\\(1 unreadable\\):\\n {2}unreadable: ${victim} .*EIO`),
      ) as string,
    });
    mend();
    expect(await (await all.verifying()).act()).toMatchObject({ differences: 0, cache: 'bypassed' });
  });

  test('in a folder of the copy: the verification names it once, and compares the rest', async () => {
    const all = world();
    growTree(all.from, { files: 10 });
    mkdirSync(join(all.from, 'victim/within'), { recursive: true });
    writeFileSync(join(all.from, 'victim/within/file'), 'x');
    await (await all.pass('final')).act();
    all.ssd.unmount();
    const block = execFileSync('debugfs', ['-R', 'bmap /nix/victim 0', all.ssd.image], { stdio: 'pipe' });
    const descriptor = openSync(all.ssd.image, 'r+');
    writeSync(descriptor, Buffer.alloc(1_024, 0xff), 0, 1_024, Number(block.toString()) * 1_024);
    closeSync(descriptor);
    all.ssd.mount();
    await expect((await all.verifying()).act()).rejects.toThrow(/\(1 unreadable\):\n {2}unreadable: victim /);
    // And of a source nothing is copied, since nobody knows what is in it.
    const folder = temporaryFolder();
    const back = { from: all.to, to: join(folder, 'to'), manifest: join(folder, 'manifest') };
    const copying = await drive(copyTree, { ...back, pass: 'final' }, { run: { folder } });
    await expect(copying.act()).rejects.toMatchObject({ code: 'copy.cannot-read' });
    expect(readdirSync(back.to)).toEqual([]);
  });
});
