import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { MigrateError } from '../../../../src/errors.ts';
import { copyPreview } from '../../../../src/operations/copy/copy-preview.ts';
import { copyTree } from '../../../../src/operations/copy/copy-tree.ts';
import { verifyTree } from '../../../../src/operations/copy/verify-tree.ts';
import type { FarPlace } from '../../../../src/operations/far/far-place.ts';
import { compareTrees } from '../../../copy/compare-trees.ts';
import { temporaryFolder } from '../../../copy/folder.ts';
import { growTree } from '../../../copy/sample-tree.ts';
import { drive } from '../../../operations/drive.ts';
import { sshdPath } from '../../cli-processes/far-machine.ts';
import { disk, needsRoot, type Disk } from '../../copy/disk.ts';
import { startSshd, type Sshd } from '../../copy/far-sshd.ts';

const skip = needsRoot || sshdPath === undefined;
if (sshdPath === undefined) console.log('copies over ssh are not tested: there is no sshd');

interface World {
  readonly sshd: Sshd;
  readonly old: Disk;
  readonly ssd: Disk;
  readonly from: string;
  readonly to: string;
  readonly manifest: string;
  there(path: string): FarPlace;
}

async function world({ megabytes = 96 } = {}): Promise<World> {
  const [old, ssd] = [disk(), disk({ megabytes })];
  const from = join(old.point, 'data');
  mkdirSync(from);
  const sshd = await startSshd();
  return {
    ...{ sshd, old, ssd, from },
    to: join(ssd.point, 'copy', 'data'),
    manifest: join(temporaryFolder(), 'manifest'),
    there: (path) => ({ ...sshd.access, path }),
  };
}

function places({ from, to, there }: World, side: 'from' | 'to') {
  return side === 'from' ? { from: there(from), to } : { from, to: there(to) };
}

/** Of the error that it ends with. */
async function codeOf(act: Promise<unknown>): Promise<string> {
  return act.then(
    () => 'none',
    (error: unknown) => (error instanceof MigrateError ? error.code : String(error)),
  );
}

function fill(folder: string, files: number, bytes = 20_000): void {
  for (let index = 0; index < files; index += 1)
    writeFileSync(join(folder, `file-${index}`), Buffer.alloc(bytes, `${index} `));
}

describe.each(['from', 'to'] as const)('with `%s` on another machine', { skip }, (side) => {
  test('a copy is previewed, made, verified past the cache, and taken back with the folders that it made', async () => {
    const all = await world();
    const { from, to, manifest, ssd, there } = all;
    growTree(from, { seed: 5, files: 60 });
    const expectMount = { point: ssd.point, uuid: ssd.uuid };
    const paths = { ...places(all, side), expectMount };
    const preview = await drive(copyPreview, paths);
    const numbers = await preview.act();
    expect(numbers.transferFiles).toBeGreaterThan(60);
    expect(numbers.freeBytes).toBeGreaterThan(10_000_000);

    const step = await drive(copyTree, { ...paths, pass: 'final', manifest });
    expect(await step.probe()).toBe('not-started');
    const output = await step.act();
    expect(output.inode).toBe(String(statSync(to).ino));
    expect(await compareTrees(from, to)).toEqual([]);
    expect(await step.probe()).toMatchObject({ done: { manifest: { sha256: output.manifest?.sha256 } } });

    const far = await drive(verifyTree, { target: there(to), manifest, expectMount });
    expect(await far.act()).toMatchObject({ differences: 0, cache: 'bypassed' });
    const again = await step.act();
    expect(again.transferredFiles).toBe(0);

    expect(await step.missing()).toEqual([]);
    await step.undo();
    expect(existsSync(join(ssd.point, 'copy'))).toBe(false);
    expect(existsSync(manifest)).toBe(false);
  });

  test('an empty folder that was there is emptied and looks as before, and what was written later keeps it', async () => {
    const all = await world();
    const { from, to, manifest } = all;
    fill(from, 5);
    mkdirSync(to, { recursive: true, mode: 0o750 });
    execFileSync('touch', ['-d', '@1000000000', to]);
    const step = await drive(copyTree, { ...places(all, side), pass: 'final', manifest });
    await step.act();
    writeFileSync(join(to, 'later'), 'written after the cut-over');
    await expect(step.undo()).rejects.toMatchObject({ code: 'copy.undo-holds-news' });
    expect(existsSync(join(to, 'file-4'))).toBe(true);
    execFileSync('rm', [join(to, 'later')]);
    await step.undo();
    expect(readdirSync(to)).toEqual([]);
    expect(statSync(to)).toMatchObject({ mode: 0o40750, mtimeMs: 1_000_000_000_000 });
  });

  test('a connection that is lost in the middle fails the step, and the next attempt goes on', async () => {
    const all = await world();
    const { from, to, manifest, sshd } = all;
    fill(from, 200, 50_000);
    const input = { ...places(all, side), pass: 'final' as const, manifest, bandwidth: 2_000 };
    const step = await drive(copyTree, input);
    const failing = codeOf(step.act());
    const started = Date.now();
    while (!existsSync(join(to, 'file-100')) && Date.now() - started < 120_000)
      await new Promise((done) => setTimeout(done, 20));
    sshd.cut();
    expect(await failing).toBe('far.connection-lost');
    expect(await step.probe()).toBe('partial');
    const left = 200 - readdirSync(to).filter((name) => name.startsWith('file-')).length;
    expect(left).toBeGreaterThan(0);
    const next = await drive(copyTree, { ...input, bandwidth: undefined });
    expect((await next.act()).transferredFiles).toBeLessThanOrEqual(left + 2);
    expect(await compareTrees(from, to)).toEqual([]);
    expect(readdirSync(to)).toHaveLength(200);
  });

  test('a disk that fills up is named, and after room was made the rest is copied', async () => {
    const all = await world({ megabytes: 8 });
    const { from, to, manifest, ssd } = all;
    fill(from, 1, 60_000);
    await (await drive(copyTree, { ...places(all, side), pass: 'warm', manifest })).act();
    fill(from, 60, 60_000);
    writeFileSync(join(ssd.point, 'ballast'), Buffer.alloc(5_000_000, 'x'));
    const input = { ...places(all, side), pass: 'final' as const, manifest };
    const preview = await drive(copyPreview, places(all, side));
    await expect(preview.act()).rejects.toMatchObject({ code: 'copy.does-not-fit' });
    const step = await drive(copyTree, input);
    await expect(step.act()).rejects.toMatchObject({ code: 'copy.target-full' });
    execFileSync('rm', [join(ssd.point, 'ballast')]);
    await step.act();
    expect(await compareTrees(from, to)).toEqual([]);
  });

  test('a target that is unmounted in the middle is noticed, and nothing stays beneath its mount point', async () => {
    const all = await world();
    const { from, manifest, ssd } = all;
    fill(from, 200, 50_000);
    const input = { ...places(all, side), pass: 'final' as const, manifest, bandwidth: 1_000 };
    const step = await drive(copyTree, { ...input, expectMount: { point: ssd.point, uuid: ssd.uuid } });
    const failing = codeOf(step.act());
    const started = Date.now();
    while (!existsSync(join(all.to, 'file-100')) && Date.now() - started < 120_000)
      await new Promise((done) => setTimeout(done, 20));
    ssd.unmount('--lazy');
    expect(await failing).toBe('mount.absent');
    expect(readdirSync(ssd.point)).toEqual([]);
    await expect(step.act()).rejects.toMatchObject({ code: 'mount.absent' });
    expect(readdirSync(ssd.point)).toEqual([]);
  });
});
