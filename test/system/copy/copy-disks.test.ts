import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
  closeSync,
  truncateSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { deviceNumber } from '../../../src/copy/entry.ts';
import { thisMachine } from '../../../src/host/this-machine.ts';
import { copyPreview, copyTree, removeTree, verifyTree } from '../../../src/operations/index.ts';
import type { Host } from '../../../src/runbook/index.ts';
import { compareTrees } from '../../copy/compare-trees.ts';
import { temporaryFolder } from '../../copy/folder.ts';
import { growTree } from '../../copy/sample-tree.ts';
import { drive, type DriveOptions } from '../../operations/drive.ts';
import { unmountAll } from '../operations/loop-disk.ts';
import { disk, needsRoot } from './disk.ts';

const skip = needsRoot;
const code = (expected: string) => expect.objectContaining({ code: expected });
const inode = (path: string) => {
  const { dev, ino } = statSync(path, { bigint: true });
  return { device: deviceNumber(dev), inode: String(ino) };
};

/** A tree on an old disk, a new disk for it, and the folder of a run on neither. */
function world(sizes: { megabytes?: number; type?: 'ext4' | 'xfs' } = {}) {
  const [old, ssd] = [disk(), disk(sizes)];
  const from = join(old.point, 'nix');
  mkdirSync(from);
  growTree(from, { files: 40 });
  const run = temporaryFolder();
  const to = join(ssd.point, 'main');
  const manifest = join(run, 'manifest');
  const expectMount = { point: ssd.point, uuid: ssd.uuid };
  const pass = (kind: 'warm' | 'final', more: object = {}, options: DriveOptions = {}) =>
    drive(
      copyTree,
      { from, to, manifest, expectMount, pass: kind, ...more },
      { run: { folder: run }, ...options },
    );
  const verifying = () => drive(verifyTree, { target: to, manifest, expectMount }, { run: { folder: run } });
  return { old, ssd, from, to, run, manifest, expectMount, pass, verifying };
}

/** Does something once rsync has told of so many files. */
function during(what: () => void, files = 30): Host {
  const host = thisMachine();
  let lines = 0;
  const exec: Host['exec'] = (command, options) =>
    host.exec(command, {
      ...options,
      onLine: (line, stream) => {
        options?.onLine?.(line, stream);
        if (line.startsWith('>')) lines += 1;
        if (lines === files && line.startsWith('>')) what();
      },
    });
  return { ...host, exec };
}

describe('between two disks', { skip }, () => {
  test.each(['ext4', 'xfs'] as const)(
    'a copy to %s is equal, and its verification reads the disk and not the memory',
    async (type) => {
      const all = world({ megabytes: type === 'xfs' ? 320 : 96, type });
      await (await all.pass('warm')).act();
      await (await all.pass('final')).act();
      expect(await compareTrees(all.from, all.to)).toEqual([]);
      expect(await (await all.verifying()).act()).toMatchObject({ differences: 0, cache: 'bypassed' });
    },
  );

  test('damage on the disk is found although the memory still holds the right content', async () => {
    const all = world();
    const marker = 'a text that stands nowhere else on this disk';
    writeFileSync(join(all.from, 'victim'), marker.repeat(500));
    await (await all.pass('final')).act();
    execFileSync('cat', [join(all.to, 'victim')]);
    const image = readFileSync(all.ssd.image);
    const loop = execFileSync('findmnt', ['-no', 'SOURCE', all.ssd.point]).toString().trim();
    const device = openSync(loop, 'r+');
    writeSync(device, 'X', image.indexOf(marker) + 3_000);
    closeSync(device);
    execFileSync('sync', [loop]);
    expect(readFileSync(join(all.to, 'victim'), 'utf8')).toBe(marker.repeat(500));
    await expect((await all.verifying()).act()).rejects.toThrow(/1 content\)[^]*victim/);
  });

  test('the root of a file system is a target too: what the file system made there stays', async () => {
    const all = world();
    const to = all.ssd.point;
    const before = statSync(to, { bigint: true });
    const given = {
      from: all.from,
      to,
      manifest: all.manifest,
      expectMount: all.expectMount,
      pass: 'final' as const,
    };
    const final = await drive(copyTree, given, { run: { folder: all.run } });
    await final.act();
    expect(await compareTrees(all.from, to, { ignore: ['lost+found'] })).toEqual([]);
    expect(existsSync(join(to, 'lost+found'))).toBe(true);
    await (await drive(verifyTree, { target: to, manifest: all.manifest })).act();
    await final.undo();
    expect(readdirSync(to)).toEqual(['lost+found']);
    expect(statSync(to, { bigint: true })).toMatchObject({ mode: before.mode, mtimeNs: before.mtimeNs });
  });
});

describe('a target disk', { skip }, () => {
  test('that is not the expected one is not written to', async () => {
    const all = world();
    await expect(all.pass('warm', { expectMount: { ...all.expectMount, uuid: 'another' } })).rejects.toThrow(
      code('mount.wrong-disk'),
    );
    all.ssd.unmount();
    await expect(all.pass('warm')).rejects.toThrow(code('mount.absent'));
    expect(readdirSync(all.ssd.point)).toEqual([]);
  });

  test('that vanishes in the middle ends the copy, and nothing is written beneath', async () => {
    const all = world();
    const host = during(() => all.ssd.unmount('-l'));
    await expect((await all.pass('final', {}, { host })).act()).rejects.toThrow(code('mount.absent'));
    expect(readdirSync(all.ssd.point)).toEqual([]);
    expect(existsSync(all.manifest)).toBe(false);
    // The lazily unmounted disk is let go of when rsync has ended.
    all.ssd.mount();
    await (await all.pass('final')).act();
    expect(await compareTrees(all.from, all.to)).toEqual([]);
  });

  test('whose power goes in the middle is completed to equality by the next pass', async () => {
    const all = world();
    const host = during(() => execFileSync('xfs_io', ['-x', '-c', 'shutdown', all.ssd.point]));
    await expect((await all.pass('final', {}, { host })).act()).rejects.toThrow();
    all.ssd.unmount();
    all.ssd.mount();
    await (await all.pass('final')).act();
    expect(await compareTrees(all.from, all.to)).toEqual([]);
    await (await all.verifying()).act();
  });

  test('that is too small is found out before, with the numbers, and a full one can be emptied and gone on with', async () => {
    const all = world({ megabytes: 24 });
    execFileSync('sh', ['-c', 'head -c 22000000 /dev/urandom > "$1/large"', 'sh', all.from]);
    const looking = await drive(copyPreview, { from: all.from, to: all.to, expectMount: all.expectMount });
    await expect(looking.act()).rejects.toThrow(/are needed, and ordinary users may use .* bytes\)/);
    await expect((await all.pass('final')).act()).rejects.toThrow(code('copy.does-not-fit'));
    expect(readdirSync(all.to)).toEqual([]);
    truncateSync(join(all.from, 'large'), 12_000_000);
    const ballast = join(all.ssd.point, 'ballast');
    const host = during(() => spawnSync('dd', ['if=/dev/urandom', `of=${ballast}`, 'bs=1M']), 1);
    const slow = await all.pass('final', { bandwidth: 4_000 }, { host });
    await expect(slow.act()).rejects.toThrow(code('copy.target-full'));
    rmSync(ballast);
    await (await all.pass('final')).act();
    expect(await compareTrees(all.from, all.to)).toEqual([]);
  });
});

describe('a source', { skip }, () => {
  test('with a read-only bind mount of its own store over itself is copied whole', async () => {
    const all = world();
    execFileSync('mount', ['--bind', join(all.from, 'store'), join(all.from, 'store')]);
    execFileSync('mount', ['-o', 'remount,bind,ro', join(all.from, 'store')]);
    await (await all.pass('final')).act();
    expect(await compareTrees(all.from, all.to)).toEqual([]);
  });

  test.each(['tmpfs', 'a bind mount of the same disk'])(
    'in which something else is mounted (%s) is refused, unless that is excluded',
    async (kind) => {
      const all = world();
      const at = join(all.from, 'empty-folder');
      if (kind === 'tmpfs') execFileSync('mount', ['-t', 'tmpfs', 'none', at]);
      else execFileSync('mount', ['--bind', join(all.old.point), at]);
      writeFileSync(join(at, 'not of this tree'), 'x');
      await expect(all.pass('final')).rejects.toThrow(code('copy.mount-inside'));
      const final = await all.pass('final', { exclude: ['empty-folder'] });
      await final.act();
      expect(existsSync(join(all.to, 'empty-folder'))).toBe(false);
      expect(existsSync(join(all.to, 'with space'))).toBe(true);
      rmSync(join(at, 'not of this tree'));
    },
  );
});

describe('a copy that is mounted over its source', { skip }, () => {
  function switched(all: { from: string; to: string }): () => void {
    execFileSync('mount', ['--bind', all.to, all.from]);
    return () => void execFileSync('umount', [all.from]);
  }

  test('is not taken back until the mount is', async () => {
    const all = world();
    const final = await all.pass('final');
    await final.act();
    const back = switched(all);
    await expect(final.undo()).rejects.toThrow(code('copy.undo-target-in-use'));
    expect(existsSync(join(all.to, 'with space'))).toBe(true);
    back();
    const elsewhere = join(temporaryFolder(), 'elsewhere');
    mkdirSync(elsewhere);
    execFileSync('mount', ['--bind', join(all.to, 'var'), elsewhere]);
    await expect(final.undo()).rejects.toThrow(code('copy.undo-target-in-use'));
    execFileSync('umount', [elsewhere]);
    await final.undo();
    expect(existsSync(all.to)).toBe(false);
  });

  test('is not confused with the old tree when its disk is gone', async () => {
    const all = world();
    await (await all.pass('final')).act();
    const verifying = () => drive(verifyTree, { target: all.from, manifest: all.manifest });
    await expect((await verifying()).act()).rejects.toThrow(code('verify.other-tree'));
    const back = switched(all);
    expect(await (await verifying()).act()).toMatchObject({ differences: 0 });
    back();
  });
});

/** A program that runs from a tree, as init does; gives what ends it. */
async function running(tree: string): Promise<() => Promise<void>> {
  writeFileSync(join(tree, 'init'), readFileSync('/bin/sleep'), { mode: 0o755 });
  const child = spawn(join(tree, 'init'), ['60'], { stdio: 'ignore' });
  const exit = once(child, 'exit');
  await once(child, 'spawn');
  return async () => {
    child.kill('SIGKILL');
    await exit;
  };
}

describe('an old tree beneath a mount', { skip }, () => {
  async function settled() {
    const all = world();
    const identity = inode(all.from);
    await (await all.pass('final')).act();
    execFileSync('mount', ['--bind', all.to, all.from]);
    const beneath = join(temporaryFolder(), 'beneath');
    mkdirSync(beneath);
    execFileSync('mount', ['--bind', '--make-private', all.old.point, beneath]);
    onTestFinished(() => {
      unmountAll(beneath);
      unmountAll(all.from);
    });
    const input = {
      path: join(beneath, 'nix'),
      identity,
      newCopy: all.from,
      manifest: all.manifest,
      backup: 'none: this is a test',
    };
    const removing = (more: object = {}) =>
      drive(removeTree, { ...input, ...more }, { run: { folder: all.run } });
    return { ...all, beneath, identity, removing };
  }
  const names = (folder: string) =>
    execFileSync('find', [folder, '-mindepth', '1', '-printf', '%P '])
      .toString()
      .trim()
      .split(' ')
      .toSorted();

  test('goes but for what boot needs, and the new copy is untouched', async () => {
    const { removing, beneath, from, to } = await settled();
    await (
      await removing({ keep: [join(beneath, 'nix/store/aaa-1/bin'), join(beneath, 'nix/set-uid')] })
    ).act();
    expect(names(join(beneath, 'nix')).filter((name) => !name.includes('bin/'))).toEqual([
      'set-uid',
      'store',
      'store/aaa-1',
      'store/aaa-1/bin',
    ]);
    expect(await compareTrees(from, to)).toEqual([]);
    expect(readdirSync(beneath).toSorted()).toEqual(['lost+found', 'nix']);
  });

  test('cannot go with its folder, which the mount needs, and goes without it', async () => {
    const { removing, beneath } = await settled();
    await expect((await removing()).act()).rejects.toThrow(code('remove.busy'));
    expect(existsSync(join(beneath, 'nix/with space'))).toBe(true);
    await (await removing({ leaveFolder: true })).act();
    expect(readdirSync(join(beneath, 'nix'))).toEqual([]);
  });

  test('is never reached through the path that the new copy covers', async () => {
    const { removing, from, identity } = await settled();
    await expect(removing({ path: from })).rejects.toThrow(code('remove.other-tree'));
    // Even when the identity was captured too late.
    const late = await removing({ path: from, identity: inode(from) });
    await expect(late.act()).rejects.toThrow(code('remove.mount-point'));
    expect(identity).not.toEqual(inode(from));
  });

  test('is not removed while something is mounted in it, or while it shows the new copy elsewhere', async () => {
    const { removing, beneath, to } = await settled();
    const at = join(beneath, 'nix/empty-folder');
    execFileSync('mount', ['-t', 'tmpfs', 'none', at]);
    await expect((await removing({ leaveFolder: true })).act()).rejects.toThrow(code('remove.mount-point'));
    execFileSync('umount', [at]);
    await expect(
      (await removing({ leaveFolder: true, newCopy: join(beneath, 'nix') })).act(),
    ).rejects.toThrow(code('remove.is-new-copy'));
    expect(existsSync(join(to, 'with space'))).toBe(true);
  });

  test('is not removed while a program that was started before the mount runs from it', async () => {
    const all = world();
    const identity = inode(all.from);
    const end = await running(all.from);
    await (await all.pass('final')).act();
    execFileSync('mount', ['--bind', all.to, all.from]);
    const beneath = join(temporaryFolder(), 'beneath');
    mkdirSync(beneath);
    execFileSync('mount', ['--bind', '--make-private', all.old.point, beneath]);
    onTestFinished(async () => {
      await end();
      unmountAll(beneath);
      unmountAll(all.from);
    });
    const input = {
      path: join(beneath, 'nix'),
      identity,
      newCopy: all.from,
      manifest: all.manifest,
      backup: 'none: this is a test',
      leaveFolder: true,
    };
    const removing = (more: object) => drive(removeTree, { ...input, ...more }, { run: { folder: all.run } });
    await expect((await removing({})).act()).rejects.toThrow(code('remove.in-use'));
    await (await removing({ keep: [join(beneath, 'nix/init')] })).act();
    expect(readdirSync(join(beneath, 'nix'))).toEqual(['init']);
  });
});
