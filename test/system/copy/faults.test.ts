import { execFileSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
} from 'node:fs';
import { truncateSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { copyTree, verifyTree } from '../../../src/operations/index.ts';
import { compareTrees } from '../../copy/compare-trees.ts';
import { temporaryFolder } from '../../copy/folder.ts';
import { growTree } from '../../copy/sample-tree.ts';
import { drive } from '../../operations/drive.ts';
import { unmountAll } from '../operations/loop-disk.ts';
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

/** The block of 1 KiB on the disk at which the last piece of a file begins; 0 when it has none. */
function placeOf(file: string): number {
  const lines = execFileSync('filefrag', ['-b1024', '-v', file]).toString().split('\n');
  const places = lines.flatMap((line) => /^ *\d+: +\d+\.\. +\d+: +(\d+)\.\./.exec(line)?.[1] ?? []);
  return Math.max(0, ...places.map(Number));
}

/** Has the next reading of a file ask its disk. An unmount may not: whoever else sees the mount keeps it alive. */
function forget(file: string): void {
  execFileSync('sync', ['-f', file]);
  execFileSync('dd', [`if=${file}`, 'iflag=nocache', 'count=0', 'status=none']);
}

/** The disk from some place on can no longer be read, until what this gives is called. */
function unreadable(disk: Disk, file: string): () => void {
  // A write beyond its end would make the image longer again.
  execFileSync('mount', ['-o', 'remount,ro', disk.point]);
  execFileSync('blockdev', ['--flushbufs', deviceOf(disk)]);
  forget(file);
  const start = placeOf(file) * 1024;
  const image = readFileSync(disk.image);
  truncateSync(disk.image, start);
  return () => {
    overwrite(disk.image, image.subarray(start), start);
    forget(file);
    execFileSync('mount', ['-o', 'remount,rw', disk.point]);
  };
}

function deviceOf(disk: Disk): string {
  return execFileSync('findmnt', ['-no', 'SOURCE', disk.point]).toString().trim();
}

function overwrite(file: string, bytes: Uint8Array, at: number): void {
  const descriptor = openSync(file, 'r+');
  writeSync(descriptor, bytes, 0, bytes.length, at);
  closeSync(descriptor);
}

/** Fills a disk with files, and gives the name of the one beyond which nothing lies; the others go again. */
function fill(folder: string): string {
  const names: string[] = [];
  for (let full = false; !full;) {
    const name = `filler-${names.length}`;
    names.push(name);
    try {
      writeFileSync(join(folder, name), Buffer.alloc(400_000, `${name} `));
    } catch {
      full = true;
    }
  }
  execFileSync('sync', ['-f', folder]);
  const placed = names.map((name) => ({ name, place: placeOf(join(folder, name)) }));
  const last = placed.toSorted((one, other) => other.place - one.place)[0]?.name ?? '';
  for (const name of names) if (name !== last) rmSync(join(folder, name));
  execFileSync('sync', ['-f', folder]);
  return last;
}

/** Changes one byte of a file on its disk, as decay does: no time says so. */
function rot(disk: Disk, file: string): void {
  execFileSync('sync', ['-f', file]);
  overwrite(disk.image, Buffer.from('X'), placeOf(file) * 1024);
  forget(file);
}

describe('a byte of the source that its disk lost after the copy', { skip: needsRoot }, () => {
  test('is not in the copy, whose verification passes; and the copy is not given up for that source', async () => {
    const all = world();
    const text = 'a text that stands nowhere else on this disk';
    writeFileSync(join(all.from, 'victim'), text);
    growTree(all.from, { files: 10 });
    const final = await all.pass('final');
    await final.act();
    rot(all.old, join(all.from, 'victim'));
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
      expect(await again.act()).toMatchObject({
        transferredFiles: 1,
        transferredBytes: statSync(join(all.from, victim)).size,
      });
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
    execFileSync('mount', ['-o', 'remount,ro', all.ssd.point]);
    const block = execFileSync('debugfs', ['-R', 'bmap /nix/victim 0', all.ssd.image], { stdio: 'pipe' });
    // A disk that nobody has looked at yet, so that no memory knows the folder.
    const [image, point] = [join(all.folder, 'image'), join(all.folder, 'disk')];
    execFileSync('cp', ['--sparse=always', all.ssd.image, image]);
    overwrite(image, Buffer.alloc(1_024, 0xff), Number(block.toString()) * 1_024);
    mkdirSync(point);
    execFileSync('mount', ['-o', 'loop,ro', image, point]);
    onTestFinished(() => unmountAll(all.folder));
    const [target, manifest] = [join(point, 'nix'), join(all.folder, 'manifest')];
    const verifying = await drive(verifyTree, { target, manifest }, { run: { folder: all.folder } });
    await expect(verifying.act()).rejects.toThrow(/\(1 unreadable\):\n {2}unreadable: victim /);
    // And of a source nothing is copied, since nobody knows what is in it.
    const folder = temporaryFolder();
    const back = { from: target, to: join(folder, 'to'), manifest: join(folder, 'manifest') };
    const copying = await drive(copyTree, { ...back, pass: 'final' }, { run: { folder } });
    await expect(copying.act()).rejects.toMatchObject({ code: 'copy.cannot-read' });
    expect(readdirSync(back.to)).toEqual([]);
  });
});
