import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { copyPreview, copyTree, verifyTree } from '../../../src/operations/index.ts';
import { compareTrees } from '../../copy/compare-trees.ts';
import { temporaryFolder } from '../../copy/folder.ts';
import { growTree } from '../../copy/sample-tree.ts';
import { drive, preview, type DriveOptions } from '../../operations/drive.ts';

interface Places {
  readonly from: string;
  readonly to: string;
  readonly manifest: string;
  readonly options: DriveOptions;
}

function places(): Places {
  const folder = temporaryFolder();
  const [from, to, run] = [join(folder, 'from'), join(folder, 'disk/sub/to'), join(folder, 'run')];
  mkdirSync(from);
  mkdirSync(run);
  growTree(from, { files: 15 });
  return { from, to, manifest: join(run, 'copy.manifest'), options: { run: { folder: run } } };
}

const pass = (kind: 'warm' | 'final', { from, to, manifest, options }: Places, more: object = {}) =>
  drive(copyTree, { from, to, manifest, pass: kind, ...more }, options);
const code = (expected: string) => expect.objectContaining({ code: expected });

describe('a copy', () => {
  test('warm, then final, then verified: equal, with evidence that names the manifest', async () => {
    const all = places();
    const warm = await pass('warm', all);
    expect(warm.captured).toMatchObject({
      target: 'absent',
      missing: [join(all.to, '../..'), join(all.to, '..'), all.to],
    });
    expect(await warm.probe()).toBe('not-started');
    await warm.act();
    expect(await warm.probe()).toMatchObject({ done: { transferredFiles: expect.any(Number) } });
    const final = await pass('final', all);
    expect(final.captured.target).toBe('ours');
    expect(await final.probe()).toBe('partial');
    const output = await final.act();
    expect(await final.probe()).toMatchObject({ done: { manifest: output.manifest } });
    expect(await compareTrees(all.from, all.to)).toEqual([]);
    const verification = await drive(verifyTree, {
      target: all.to,
      manifest: all.manifest,
      digest: output.manifest!.sha256,
    });
    expect(await verification.act()).toMatchObject({
      differences: 0,
      manifest: output.manifest?.sha256,
      filesRead: expect.any(Number),
    });
    expect(verification.progress.at(-1)).toMatchObject({ doing: 'verifying', etaMs: 0 });
    expect(final.progress.at(-1)).toMatchObject({ doing: 'copying', totalFiles: output.manifest?.files });
  });

  test('shows the very command that it runs', async () => {
    const all = places();
    const [command] = (await pass('final', all)).described;
    expect(command).toMatchObject({
      argv: expect.arrayContaining(['rsync', '-aHAX', '--delete', `${all.from}/`, `${all.to}/`]),
    });
  });

  test('gives way to others while the source is in use, and keeps to a bandwidth', async () => {
    const all = places();
    const argv = async (kind: 'warm' | 'final', more: object = {}) => {
      const [command] = (await pass(kind, all, more)).described;
      return typeof command === 'object' ? command.argv : [];
    };
    const idle = ['ionice', '-c', '3', 'nice', '-n', '19', 'rsync'];
    expect((await argv('warm')).slice(0, 7)).toEqual(idle);
    expect((await argv('warm', { idle: false }))[0]).toBe('rsync');
    expect((await argv('final'))[0]).toBe('rsync');
    expect((await argv('final', { idle: true })).slice(0, 7)).toEqual(idle);
    expect(await argv('warm', { bandwidth: 5_000 })).toContain('--bwlimit=5000');
  });

  test('is not believed to be done when the source was touched after it', async () => {
    const all = places();
    const final = await pass('final', all);
    await final.act();
    appendFileSync(join(all.from, 'with space'), 'x');
    expect(await final.probe()).toBe('partial');
    await final.act();
    expect(await compareTrees(all.from, all.to)).toEqual([]);
  });

  test('a second warm pass is a pass of its own', async () => {
    const all = places();
    await (await pass('warm', all)).act();
    expect(await (await pass('warm', all)).probe()).toBe('partial');
  });
});

describe('a copy refuses', () => {
  test('a target that holds what this run did not put there, unless told that it is meant', async () => {
    const all = places();
    mkdirSync(all.to, { recursive: true });
    writeFileSync(join(all.to, 'precious'), 'x');
    await expect(pass('warm', all)).rejects.toThrow(code('copy.target-not-empty'));
    expect((await pass('warm', all, { into: 'existing' })).captured.target).toBe('existing');
    const other = { ...all, options: { run: { ...all.options.run, id: 'another-run' } } };
    rmSync(all.to, { recursive: true });
    await (await pass('warm', all)).act();
    await expect(pass('warm', other)).rejects.toThrow(code('copy.target-not-empty'));
  });

  test('source and target within each other, also by a symlink', async () => {
    const all = places();
    await expect(pass('warm', { ...all, to: join(all.from, 'var/copy') })).rejects.toThrow(
      code('copy.overlap'),
    );
    const link = join(all.from, '../link');
    symlinkSync(all.from, link);
    await expect(pass('warm', { ...all, to: join(link, 'copy') })).rejects.toThrow(code('copy.overlap'));
    await expect(pass('warm', { ...all, to: link })).rejects.toThrow(code('copy.overlap'));
  });

  test('a manifest inside what it describes', async () => {
    const all = places();
    await expect(pass('warm', { ...all, manifest: join(all.to, 'm') })).rejects.toThrow(
      code('copy.manifest-inside'),
    );
    await expect(pass('warm', { ...all, manifest: join(all.from, 'm') })).rejects.toThrow(
      code('copy.manifest-inside'),
    );
  });

  test('a source that is not there, and paths to exclude that are no plain paths within it', async () => {
    const all = places();
    await expect(pass('warm', { ...all, from: '/nowhere/at/all' })).rejects.toThrow(code('copy.no-folder'));
    for (const path of ['/var', '../x', 'a/', ''])
      await expect(pass('warm', all, { exclude: [path] })).rejects.toThrow('path within the source');
  });

  test('a disk that is not mounted', async () => {
    const all = places();
    const expectMount = { point: join(all.to, '../..'), uuid: '1234' };
    await expect(pass('warm', all, { expectMount })).rejects.toThrow(code('mount.absent'));
    expect(existsSync(all.to)).toBe(false);
  });
});

describe('an undo', () => {
  test('removes the copy and the folders that were made for it, and nothing else', async () => {
    const all = places();
    mkdirSync(join(all.to, '../..'));
    writeFileSync(join(all.to, '../../neighbour'), 'x');
    const before = await compareTrees(all.from, '/dev/null').catch(() => []);
    const warm = await pass('warm', all);
    await warm.act();
    const final = await pass('final', all);
    await final.act();
    await final.undo();
    expect(existsSync(join(all.to, 'with space'))).toBe(true);
    expect(await final.probe()).toBe('not-started');
    await warm.undo();
    expect(readdirSync(join(all.to, '../..'))).toEqual(['neighbour']);
    expect(readdirSync(join(all.manifest, '..'))).toEqual([]);
    expect(await warm.probe()).toBe('not-started');
    expect(before).toEqual([]);
    await warm.undo();
  });

  test('leaves a folder that was empty as it was: mode, owner and time', async () => {
    const all = places();
    mkdirSync(all.to, { recursive: true });
    chmodSync(all.to, 0o2750);
    execFileSync('touch', ['-d', '2001-02-03 04:05:06.123456789Z', all.to]);
    const seen = () => {
      const { mode, uid, gid, mtimeNs } = statSync(all.to, { bigint: true });
      return { mode, uid, gid, mtimeNs };
    };
    const before = seen();
    const final = await pass('final', all);
    await final.act();
    await final.undo();
    expect(readdirSync(all.to)).toEqual([]);
    expect(seen()).toEqual(before);
  });

  test('of an attempt that was killed half-way removes what is there', async () => {
    const all = places();
    const final = await pass('final', all);
    const stopped = new Error('stopped');
    const broken = await drive(
      copyTree,
      { from: all.from, to: all.to, manifest: all.manifest, pass: 'final' },
      {
        ...all.options,
        host: new Proxy((await import('../../../src/host/this-machine.ts')).thisMachine(), {
          get: (host, key, receiver) =>
            key === 'exec'
              ? (command: { argv: string[] }, options: object) =>
                  command.argv[0] === 'sync' ? Promise.reject(stopped) : host.exec(command as never, options)
              : (Reflect.get(host, key, receiver) as unknown),
        }),
      },
    );
    await expect(broken.act()).rejects.toThrow('stopped');
    expect(await final.probe()).toBe('partial');
    await final.undo();
    expect(existsSync(join(all.to, '../..'))).toBe(false);
    expect(await final.probe()).toBe('not-started');
  });

  test('does nothing when nothing was begun', async () => {
    const all = places();
    await (await pass('final', all)).undo();
    expect(existsSync(all.from)).toBe(true);
  });

  test('keeps a copy that was written to since, and one that alone still holds something', async () => {
    const written = places();
    const first = await pass('final', written);
    await first.act();
    writeFileSync(join(written.to, 'a new database'), 'x');
    await expect(first.undo()).rejects.toThrow(/is kept until somebody decides/);
    expect(readFileSync(join(written.to, 'a new database'), 'utf8')).toBe('x');
    expect(first.log.join('\n')).toMatch(/a new database/);
    expect(await first.probe()).toBe('partial');

    const lost = places();
    const second = await pass('final', lost);
    await second.act();
    rmSync(join(lost.from, 'with space'));
    await expect(second.undo()).rejects.toThrow(/is kept until somebody decides/);
    expect(existsSync(join(lost.to, 'with space'))).toBe(true);
    expect(second.log.join('\n')).toMatch(/with space/);
  });

  test('of all passes keeps it too, although the later pass was undone first', async () => {
    const all = places();
    const [warm, final] = [await pass('warm', all), async () => pass('final', all)];
    await warm.act();
    const later = await final();
    await later.act();
    writeFileSync(join(all.to, 'new'), 'x');
    await later.undo();
    expect(await later.probe()).toBe('not-started');
    await expect(warm.undo()).rejects.toThrow(/is kept until somebody decides/);
    expect(existsSync(join(all.to, 'new'))).toBe(true);
  });

  test('removes such a copy where the runbook says so, and keeps what was written to it', async () => {
    const all = places();
    const final = await pass('final', all, { laterWrites: 'drop' });
    await final.act();
    writeFileSync(join(all.to, 'new'), 'x');
    await final.undo();
    expect(existsSync(all.to)).toBe(false);
    expect(readFileSync(join(`${all.to}.migrate-dropped-test-20260101-abcd`, 'new'), 'utf8')).toBe('x');
  });

  test('goes on when the source was merely used again in the meantime', async () => {
    const all = places();
    const final = await pass('final', all);
    await final.act();
    appendFileSync(join(all.from, 'with space'), 'x');
    writeFileSync(join(all.from, 'var/another'), 'x');
    await final.undo();
    expect(existsSync(all.to)).toBe(false);
  });

  test('refuses when the source is damaged, empty or another tree', async () => {
    const damaged = places();
    const first = await pass('final', damaged);
    writeFileSync(join(damaged.from, 'victim'), 'aaaa');
    utimesSync(join(damaged.from, 'victim'), 1, 1);
    await first.act();
    writeFileSync(join(damaged.from, 'victim'), 'bbbb');
    utimesSync(join(damaged.from, 'victim'), 1, 1);
    await expect(first.undo()).rejects.toThrow(code('copy.undo-source-lost'));
    expect(readFileSync(join(damaged.to, 'victim'), 'utf8')).toBe('aaaa');

    const other = places();
    const second = await pass('final', other);
    await second.act();
    execFileSync('mv', [other.from, `${other.from}.old`]);
    mkdirSync(other.from);
    await expect(second.undo()).rejects.toThrow(code('copy.undo-source-lost'));
    expect(existsSync(join(other.to, 'with space'))).toBe(true);
  });

  test('refuses while a process stands in the copy, or has a file of it open', async () => {
    const all = places();
    const final = await pass('final', all);
    await final.act();
    const user = spawn('sleep', ['60'], { cwd: all.to, stdio: 'ignore' });
    onTestFinished(() => void user.kill('SIGKILL'));
    await once(user, 'spawn');
    await expect(final.undo()).rejects.toMatchObject({
      code: 'copy.undo-target-in-use',
      message: expect.stringContaining(`sleep (pid ${user.pid}) stands in`) as string,
    });
    expect(existsSync(join(all.to, 'with space'))).toBe(true);
    user.kill('SIGKILL');
    await once(user, 'close');
    await final.undo();
    expect(existsSync(all.to)).toBe(false);
  });

  test('refuses when another folder stands in the place of the copy', async () => {
    const all = places();
    const final = await pass('final', all);
    await final.act();
    execFileSync('mv', [all.to, `${all.to}.moved`]);
    mkdirSync(all.to);
    writeFileSync(join(all.to, "somebody else's"), 'x');
    await expect(final.undo()).rejects.toThrow(code('copy.undo-other-target'));
    expect(await final.probe()).toEqual({ unknown: expect.stringContaining('did not copy') });
  });

  test('of a later pass has the next one read all of the target again, and mend it', async () => {
    const all = places();
    writeFileSync(join(all.from, 'victim'), 'aaaa');
    utimesSync(join(all.from, 'victim'), 1, 1);
    await (await pass('warm', all)).act();
    const final = await pass('final', all);
    await final.act();
    writeFileSync(join(all.to, 'victim'), 'bbbb');
    utimesSync(join(all.to, 'victim'), 1, 1);
    const verifying = await drive(verifyTree, { target: all.to, manifest: all.manifest });
    await expect(verifying.act()).rejects.toThrow(/1 content\)[^]*victim/);
    await final.undo();
    await (await pass('final', all)).act();
    expect(readFileSync(join(all.to, 'victim'), 'utf8')).toBe('aaaa');
    await verifying.act();
  });
});

describe('a verification', () => {
  test('refuses a tree that is not the copy, even when it is as the manifest says', async () => {
    const all = places();
    await (await pass('final', all)).act();
    const verifying = (target: string) => drive(verifyTree, { target, manifest: all.manifest });
    await expect((await verifying(all.from)).act()).rejects.toThrow(code('verify.other-tree'));
    await expect((await verifying('/nowhere')).act()).rejects.toThrow(code('verify.other-tree'));
  });
});

describe('a preview', () => {
  test('counts what would be copied and deleted, and changes nothing', async () => {
    const all = places();
    const before = await compareTrees(all.from, all.from);
    const first = await (await drive(copyPreview, { from: all.from, to: all.to })).act();
    expect(first).toMatchObject({ deletions: 0, transferBytes: first.bytes });
    expect(existsSync(join(all.to, '..'))).toBe(false);
    const final = await pass('final', all);
    await final.act();
    expect(first).toMatchObject({
      files: Number(execFileSync('find', [all.from, '-type', 'f', '-printf', 'x']).length),
    });
    writeFileSync(join(all.to, 'new\nline too'), 'x');
    writeFileSync(join(all.from, 'added'), 'abc');
    const second = await (await drive(copyPreview, { from: all.from, to: all.to })).act();
    expect(second).toMatchObject({
      deletions: 1,
      firstDeletions: [String.raw`$'new\x0aline too'`],
      transferFiles: 1,
      transferBytes: 3,
    });
    expect(existsSync(join(all.to, 'new\nline too'))).toBe(true);
    expect(before).toEqual([]);
    const { facts, summary } = await preview(copyPreview, { from: all.from, to: all.to });
    expect(facts).toMatchObject({ fits: true, neededInodes: 1, freeInodes: expect.any(Number) as number });
    expect(summary).toMatch(
      /further hard links; 3 bytes in 1 files go to .* and \d+ inodes, of which 1 are needed; 1 paths there would go$/,
    );
  });
});
