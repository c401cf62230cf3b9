import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { copyPass } from '../../src/copy/copy-pass.ts';
import type { PassOptions, PassResult } from '../../src/copy/pass.ts';
import { openManifest } from '../../src/copy/manifest-read.ts';
import { verify } from '../../src/copy/verify.ts';
import { StepError } from '../../src/errors.ts';
import { compareTrees } from './compare-trees.ts';
import { temporaryFolder } from './folder.ts';
import { identityOf, localMachine } from './local-machine.ts';
import { growTree, isRoot } from './sample-tree.ts';

interface Trees {
  readonly from: string;
  readonly to: string;
  readonly manifest: string;
}

function trees(options: Parameters<typeof growTree>[1] = {}): Trees {
  const folder = temporaryFolder();
  const [from, to, manifest] = [join(folder, 'from'), join(folder, 'to'), join(folder, 'copy.manifest')];
  mkdirSync(from);
  mkdirSync(to);
  growTree(from, options);
  return { from, to, manifest };
}

function pass(
  kind: 'warm' | 'final',
  { from, to, manifest }: Trees,
  more: Partial<PassOptions> = {},
  machine = localMachine(),
): Promise<PassResult> {
  return copyPass(
    {
      from,
      to,
      manifest,
      pass: kind,
      owner: 'run-1',
      source: identityOf(from),
      target: identityOf(to),
      engine: 'rsync',
      asRoot: isRoot,
      ...more,
    },
    machine,
  );
}

/** Same size, same time, other content: what rsync's quick check takes for equal. */
function flip(file: string): void {
  const field = (format: string) => execFileSync('stat', ['-c', format, file]).toString().trim();
  const [time, mode] = [field('%y'), field('%a')];
  const content = readFileSync(file);
  content[0] = (content[0] ?? 0) ^ 1;
  chmodSync(file, 0o600);
  writeFileSync(file, content);
  chmodSync(file, Number.parseInt(mode, 8));
  execFileSync('touch', ['-d', time, file]);
}

const quiet = { progress: () => {}, now: () => performance.now() };

describe('a copy', () => {
  test.each([1, 2, 3])('is equal to its source in everything a file system holds (seed %i)', async (seed) => {
    const all = trees({ seed });
    const warm = await pass('warm', all);
    expect(warm.manifest).toBeUndefined();
    const final = await pass('final', all);
    expect(final).toMatchObject({ transferredFiles: 0, readAgain: 0, mended: 0 });
    expect(await compareTrees(all.from, all.to)).toEqual([]);
    expect(await verify({ manifest: openManifest(all.manifest), target: all.to }, quiet)).toMatchObject({
      differences: 0,
      entries: final.manifest?.entries,
    });
  });

  test('has a manifest with a hash of every file, equal to what xxhsum says of the source', async () => {
    const all = trees();
    await pass('final', all);
    const entries = [...openManifest(all.manifest).entries()];
    const names = execFileSync('find', ['.', '-type', 'f', '-print0'], { cwd: all.from })
      .toString('latin1')
      .split('\0')
      .slice(0, -1);
    expect(
      entries
        .filter(({ type }) => type === 'file')
        .map(({ path }) => path)
        .toSorted(),
    ).toEqual(names.map((name) => name.slice(2)).toSorted());
    for (const { path, hash } of entries.filter(
      ({ type, path: one }) => type === 'file' && /^[\w./-]+$/.test(one),
    )) {
      expect(
        execFileSync('xxhsum', ['-q', '-H2', `./${path}`], { cwd: all.from })
          .toString()
          .slice(0, 32),
        path,
      ).toBe(hash);
    }
  });

  test('follows the source: what changed is copied, what went is deleted by the final pass alone', async () => {
    const all = trees();
    await pass('warm', all);
    writeFileSync(join(all.from, 'with space'), 'another content');
    rmSync(join(all.from, 'empty'));
    writeFileSync(join(all.from, 'new'), 'new');
    await pass('warm', all);
    expect(existsSync(join(all.to, 'empty'))).toBe(true);
    const final = await pass('final', all);
    expect(final).toMatchObject({ deleted: 1, transferredFiles: 0 });
    expect(await compareTrees(all.from, all.to)).toEqual([]);
  });

  test('tells how far it is within a large file, which rsync says nothing of before it is whole', async () => {
    const folder = temporaryFolder();
    const all = { from: join(folder, 'from'), to: join(folder, 'to'), manifest: join(folder, 'manifest') };
    mkdirSync(all.from);
    mkdirSync(all.to);
    const size = 70_000_000;
    writeFileSync(join(all.from, 'large'), Buffer.alloc(size, 'x'));
    const machine = localMachine();
    await pass('final', all, { bandwidth: 30_000 }, machine);
    const copying = machine.told.filter(({ doing }) => doing === 'copying');
    expect(copying.some(({ doneBytes, doneFiles }) => doneFiles === 0 && doneBytes > 0)).toBe(true);
    const done = copying.map(({ doneBytes }) => doneBytes);
    expect(done).toEqual(done.toSorted((one, other) => one - other));
    expect(copying.at(-1)).toMatchObject({ doneBytes: size, doneFiles: 1 });
  });

  test('leaves out what it is told to, and keeps it on the target', async () => {
    const all = trees();
    mkdirSync(join(all.to, 'var'));
    writeFileSync(join(all.to, 'var/db'), 'not of this copy');
    await pass('final', all, { exclude: ['var/db', '[a]*?', 'var/fifo'] });
    expect(readFileSync(join(all.to, 'var/db'), 'utf8')).toBe('not of this copy');
    expect(existsSync(join(all.to, '[a]*?'))).toBe(false);
    const verification = await verify({ manifest: openManifest(all.manifest), target: all.to }, quiet);
    expect(verification.first).toEqual([]);
  });
});

describe('after an interruption', () => {
  test.each([3, 20, 60])(
    'a copy whose rsync is killed at line %i ends equal, and leaves nothing half-written',
    async (line) => {
      const all = trees({ seed: line });
      let seen = 0;
      const machine = localMachine({
        onLine: (_, kill) => {
          seen += 1;
          if (seen === line) kill();
        },
      });
      await expect(pass('final', all, {}, machine)).rejects.toThrow(
        expect.objectContaining({ code: 'copy.rsync-failed' }),
      );
      expect(existsSync(all.manifest)).toBe(false);
      await pass('final', all);
      expect(await compareTrees(all.from, all.to)).toEqual([]);
    },
  );

  test('a warm pass too removes what a killed rsync left half-written', async () => {
    const all = trees();
    writeFileSync(join(all.from, 'large'), Buffer.alloc(3_000_000, 1));
    const machine = localMachine();
    const { run } = machine;
    const killed = localMachine({
      run: ([program, ...args], options) => run(['timeout', '-s', 'KILL', '0.7', program, ...args], options),
    });
    await expect(pass('warm', all, { bandwidth: 100 }, killed)).rejects.toThrow(StepError);
    const half = () => readdirSync(all.to).filter((name) => /^\.large\.\w{6}$/.test(name));
    execFileSync('sh', ['-c', 'cd "$1"; cp -p large .large.aB3dEf', 'sh', all.from]);
    execFileSync('mv', [join(all.from, '.large.aB3dEf'), all.to]);
    expect(half()).not.toEqual([]);
    const warm = await pass('warm', all);
    expect(warm.leftovers).toBeGreaterThan(0);
    expect(half()).toEqual([]);
  });

  test('a torn file of the right size and time is found and replaced, since nobody vouches for it', async () => {
    const all = trees();
    const machine = localMachine({ onLine: (text, kill) => void (text.includes(' var/') && kill()) });
    await expect(pass('final', all, {}, machine)).rejects.toThrow(StepError);
    flip(join(all.to, 'sparse'));
    const final = await pass('final', all);
    expect(final.readAgain).toBeGreaterThan(0);
    expect(final.mended).toBe(1);
    expect(await compareTrees(all.from, all.to)).toEqual([]);
  });

  test('a torn file with several names is replaced under all of them', async () => {
    const all = trees();
    writeFileSync(join(all.from, 'one'), 'content');
    execFileSync('ln', [join(all.from, 'one'), join(all.from, 'store/two')]);
    execFileSync('rsync', ['-aHAXS', `${all.from}/`, `${all.to}/`]);
    flip(join(all.to, 'one'));
    const final = await pass('final', all);
    expect(final).toMatchObject({ mended: 1, transferredFiles: 1 });
    expect(await compareTrees(all.from, all.to)).toEqual([]);
  });

  test('a log with a torn end is read up to there, and gone on with', async () => {
    const all = trees();
    await pass('warm', all);
    appendFileSync(`${all.manifest}.copylog`, '{"path":"half a li');
    await pass('warm', all);
    expect(await pass('final', all)).toMatchObject({ readAgain: 0 });
    const log = readFileSync(`${all.manifest}.copylog`, 'utf8');
    expect(
      log
        .split('\n')
        .slice(0, -1)
        .every((line) => JSON.parse(line)),
    ).toBe(true);
  });

  test('what a warm pass read counts later only while the source is the same', async () => {
    const all = trees();
    await pass('warm', all);
    flip(join(all.from, 'with space'));
    const final = await pass('final', all);
    expect(final).toMatchObject({ readAgain: 1, mended: 1 });
    expect(await compareTrees(all.from, all.to)).toEqual([]);
  });
});

describe('the final pass refuses', () => {
  test('a source that changes while it runs', async () => {
    const all = trees();
    const machine = localMachine({
      onLine: (text) => void (text.includes(' sparse') && appendFileSync(join(all.from, 'with space'), 'x')),
    });
    await expect(pass('final', all, {}, machine)).rejects.toThrow(
      expect.objectContaining({ code: 'copy.source-changed' }),
    );
    expect(existsSync(all.manifest)).toBe(false);
    expect(readdirSync(join(all.manifest, '..')).filter((name) => name.endsWith('.new'))).toEqual([]);
  });

  test('to write when the guard says that the target is gone, before and in between', async () => {
    const all = trees();
    const gone = new StepError('mount.absent', 'not mounted');
    await expect(pass('final', all, {}, localMachine({ guard: () => Promise.reject(gone) }))).rejects.toBe(
      gone,
    );
    expect(readdirSync(all.to)).toEqual([]);
    let copied = false;
    const machine = localMachine({
      guard: () => (copied ? Promise.reject(gone) : Promise.resolve()),
      onLine: () => {
        copied = true;
      },
    });
    await expect(pass('final', all, {}, machine)).rejects.toBe(gone);
    expect(existsSync(all.manifest)).toBe(false);
  });
});
