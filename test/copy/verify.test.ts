import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  chmodSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, afterAll, describe, expect, test } from 'vitest';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { copyPass } from '../../src/copy/copy-pass.ts';
import type { DifferenceKind } from '../../src/copy/difference.ts';
import { openManifest } from '../../src/copy/manifest-read.ts';
import { choose } from '../../src/copy/sample.ts';
import { Differences, type Verification } from '../../src/copy/verification.ts';
import { ContentCheck } from '../../src/copy/content-check.ts';
import { verify } from '../../src/copy/verify.ts';
import { StepError } from '../../src/errors.ts';
import { identityOf, localMachine } from './local-machine.ts';
import { growTree, isRoot } from './sample-tree.ts';
import { temporaryFolder } from './folder.ts';

const quiet = { progress: () => {}, now: () => performance.now() };
const folder = mkdtempSync(join(tmpdir(), 'migrate-verify-'));
const manifest = join(folder, 'manifest');
const pristine = join(folder, 'pristine');

beforeAll(async () => {
  const from = join(folder, 'from');
  mkdirSync(from);
  mkdirSync(pristine);
  growTree(from, { seed: 7, files: 40 });
  writeFileSync(join(from, 'one'), 'first content');
  writeFileSync(join(from, 'other'), 'other content');
  execFileSync('ln', [join(from, 'one'), join(from, 'one-too')]);
  symlinkSync('there', join(from, 'link'));
  execFileSync('touch', ['-h', '-d', '@1', join(from, 'link')]);
  for (const name of ['one', 'other']) utimesSync(join(from, name), 1, 1);
  await copyPass(
    {
      from,
      to: pristine,
      manifest,
      pass: 'final',
      owner: 'run',
      source: identityOf(from),
      target: identityOf(pristine),
      engine: 'rsync',
      asRoot: isRoot,
    },
    localMachine(),
  );
});
afterAll(() => {
  execFileSync('chmod', ['-R', 'u+rwX', folder]);
  rmSync(folder, { recursive: true, force: true });
});

function damaged(): string {
  const target = join(temporaryFolder(), 'target');
  execFileSync('cp', ['-a', pristine, target]);
  return target;
}

function verified(target: string): Promise<Verification> {
  return verify({ manifest: openManifest(manifest), target }, quiet);
}

/** Puts the time back that a change of the tree has changed. */
function keepingTimes(paths: string[], change: () => void): void {
  const times = paths.map((path) => execFileSync('stat', ['-c', '%y', path]).toString().trim());
  change();
  for (const [index, path] of paths.entries()) execFileSync('touch', ['-h', '-d', times[index] ?? '', path]);
}

describe('a fault in the target is found, and nothing but it:', () => {
  const faults: Record<string, { fault: (target: string) => void; kinds: DifferenceKind[]; root?: boolean }> =
    {
      'a flipped byte under the same size and time': {
        kinds: ['content'],
        fault: (target) =>
          keepingTimes([join(target, 'other')], () => {
            const content = readFileSync(join(target, 'other'));
            content[3] = (content[3] ?? 0) ^ 4;
            writeFileSync(join(target, 'other'), content);
          }),
      },
      'a truncated file': {
        kinds: ['size'],
        fault: (target) =>
          keepingTimes([join(target, 'other')], () => truncateSync(join(target, 'other'), 5)),
      },
      'a file that became all zeroes': {
        kinds: ['content'],
        fault: (target) =>
          keepingTimes([join(target, 'sparse')], () => {
            truncateSync(join(target, 'sparse'), 0);
            truncateSync(join(target, 'sparse'), 50_000_000);
          }),
      },
      'two files that changed places': {
        kinds: ['content', 'content', 'hard-link', 'hard-link', 'hard-link'],
        fault: (target) =>
          keepingTimes([target], () => {
            renameSync(join(target, 'one'), join(target, 'aside'));
            renameSync(join(target, 'other'), join(target, 'one'));
            renameSync(join(target, 'aside'), join(target, 'other'));
          }),
      },
      'a hard link that became a file of its own': {
        kinds: ['hard-link', 'hard-link'],
        fault: (target) =>
          keepingTimes([target, join(target, 'one')], () => {
            copyFileSync(join(target, 'one'), join(target, 'aside'));
            renameSync(join(target, 'aside'), join(target, 'one-too'));
            utimesSync(join(target, 'one-too'), 1, 1);
          }),
      },
      'two files that became one': {
        kinds: ['content', 'hard-link', 'hard-link'],
        fault: (target) =>
          keepingTimes([target], () =>
            execFileSync('ln', ['-f', join(target, 'one'), join(target, 'other')]),
          ),
      },
      'a lost extended attribute': {
        kinds: ['attributes'],
        fault: (target) => execFileSync('setfattr', ['-x', 'user.colour', join(target, 'with space')]),
      },
      'a changed extended attribute': {
        kinds: ['attributes'],
        fault: (target) => execFileSync('setfattr', ['-n', 'user.empty', '-v', '1', join(target, 'ünï')]),
      },
      'a lost capability': {
        kinds: ['attributes'],
        root: true,
        fault: (target) => execFileSync('setcap', ['-r', join(target, '.dot')]),
      },
      'an ACL with one entry more': {
        kinds: ['attributes'],
        fault: (target) => execFileSync('setfacl', ['-m', 'u:777:r', join(target, '[a]*?')]),
      },
      'a lost default ACL': {
        kinds: ['attributes'],
        fault: (target) => execFileSync('setfacl', ['-k', join(target, 'var/db')]),
      },
      'an extra file': {
        kinds: ['extra'],
        fault: (target) =>
          keepingTimes([join(target, 'var')], () => writeFileSync(join(target, 'var/extra'), '')),
      },
      'a half-written file of a killed rsync': {
        kinds: ['extra'],
        fault: (target) => keepingTimes([target], () => writeFileSync(join(target, '.other.aB3dEf'), 'oth')),
      },
      'a missing file': {
        kinds: ['missing'],
        fault: (target) => keepingTimes([target], () => rmSync(join(target, 'with space'))),
      },
      'a missing folder with all it held': {
        kinds: ['missing', 'missing'],
        fault: (target) =>
          keepingTimes([target], () =>
            execFileSync('sh', ['-c', 'cd "$1"; rm -r d?', 'sh', target], {
              env: { ...process.env, LC_ALL: 'C' },
            }),
          ),
      },
      'a lost set-uid bit': { kinds: ['mode'], fault: (target) => chmodSync(join(target, 'set-uid'), 0o755) },
      'another owner': {
        kinds: ['owner'],
        root: true,
        fault: (target) => execFileSync('chown', ['5:5', join(target, 'other')]),
      },
      'another time, by a nanosecond': {
        kinds: ['mtime'],
        fault: (target) =>
          execFileSync('touch', ['-d', '1970-01-01 00:00:01.000000001Z', join(target, 'other')]),
      },
      'a symlink that leads elsewhere': {
        kinds: ['link-target'],
        fault: (target) =>
          keepingTimes([target], () => {
            const path = join(target, 'link');
            rmSync(path);
            symlinkSync('elsewhere', path);
            execFileSync('touch', ['-h', '-d', '@1', path]);
          }),
      },
      'a file in the place of a folder': {
        kinds: ['type'],
        fault: (target) =>
          keepingTimes([target], () =>
            execFileSync('sh', ['-c', 'cd "$1"; rmdir empty-folder; touch empty-folder', 'sh', target]),
          ),
      },
      'a device of another number': {
        kinds: ['device'],
        root: true,
        fault: (target) =>
          keepingTimes([join(target, 'var'), join(target, 'var/null')], () =>
            execFileSync('sh', [
              '-c',
              'cd "$1/var"; rm null; mknod null c 1 5; chmod 644 null',
              'sh',
              target,
            ]),
          ),
      },
    };

  test('none, when there is none', async () => {
    expect(await verified(damaged())).toMatchObject({ differences: 0, kinds: {}, first: [] });
  });

  const possible = Object.entries(faults).filter(([, { root }]) => isRoot || root !== true);
  if (!isRoot) console.log('left out, since they take root: faults in owners, devices and capabilities');
  test.each(possible)('%s', async (_, { fault, kinds }) => {
    const target = damaged();
    fault(target);
    const { first, differences, kinds: counted } = await verified(target);
    expect(first.map(({ kind }) => kind).toSorted()).toEqual(kinds);
    expect(differences).toBe(first.length);
    expect(Object.values(counted).reduce((sum, count) => sum + count, 0)).toBe(differences);
  });

  test('a file that cannot be read is named under all its names, and is never taken for sound', () => {
    const differences = new Differences(10);
    const content = new ContentCheck('/target', differences);
    const file = (path: string) => ({ path, hash: '0'.repeat(32), size: 5, index: 0, inode: 7n });
    expect(content.expect(file('a'))).toMatchObject({ id: 0, size: 5 });
    expect(content.expect(file('b'))).toBeUndefined();
    content.take({ id: 0, error: { code: 'EIO', message: 'i/o error' } });
    expect(content.expect(file('c'))).toBeUndefined();
    expect(differences.first.map(({ kind, path }) => `${kind} ${path}`)).toEqual([
      'unreadable a',
      'unreadable b',
      'unreadable c',
    ]);
    expect(content.filesRead).toBe(0);
  });
});

describe('a manifest', () => {
  const changedManifest = (change: (text: string) => string): string => {
    const file = join(temporaryFolder(), 'manifest');
    writeFileSync(file, change(readFileSync(manifest, 'utf8')));
    return file;
  };
  const opening = (file: string, digest?: string) => () => openManifest(file, digest);

  test('whose line was changed is not believed', () => {
    const file = changedManifest((text) => text.replace('"size":13', '"size":14'));
    expect(opening(file)).toThrow(expect.objectContaining({ code: 'manifest.damaged' }));
  });

  test('of which any one bit is another is not believed', () => {
    const content = readFileSync(manifest);
    const file = join(temporaryFolder(), 'manifest');
    const lastLine = content.lastIndexOf('\n', content.length - 2) + 1;
    const believed: number[] = [];
    const flip = (bit: number) => {
      const flipped = Buffer.from(content);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      writeFileSync(file, flipped);
      try {
        openManifest(file);
        believed.push(bit);
      } catch (error) {
        expect(error).toBeInstanceOf(StepError);
      }
    };
    // The digest guards all lines but its own.
    for (let byte = lastLine; byte < content.length; byte += 1) flip(byte * 8 + (byte % 8));
    fc.assert(fc.property(fc.nat(content.length * 8 - 1), flip), { numRuns: 60 });
    expect(believed).toEqual([]);
  });

  test('that lost a line, or its end, is not believed', () => {
    const lines = (text: string) => text.split('\n');
    expect(opening(changedManifest((text) => lines(text).toSpliced(5, 1).join('\n')))).toThrow(
      expect.objectContaining({ code: 'manifest.damaged' }),
    );
    expect(opening(changedManifest((text) => `${lines(text).slice(0, -2).join('\n')}\n`))).toThrow(
      expect.objectContaining({ code: 'manifest.incomplete' }),
    );
    expect(opening(changedManifest((text) => text.slice(0, -2)))).toThrow(
      expect.objectContaining({ code: 'manifest.incomplete' }),
    );
    expect(opening(changedManifest(() => ''))).toThrow(
      expect.objectContaining({ code: 'manifest.incomplete' }),
    );
    expect(opening(join(folder, 'none'))).toThrow(expect.objectContaining({ code: 'manifest.missing' }));
  });

  test('that is whole but not the recorded one is refused', () => {
    expect(opening(manifest, '0'.repeat(64))).toThrow(expect.objectContaining({ code: 'manifest.other' }));
    expect(opening(manifest, openManifest(manifest).summary.sha256)).not.toThrow();
  });

  test('can be read by any tool that reads JSON lines', () => {
    const lines = readFileSync(manifest, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines[0]).toMatchObject({ manifest: 1, algorithm: 'xxh128' });
    expect(lines.find(({ path }) => path === 'other')).toMatchObject({
      type: 'file',
      size: 13,
      mode: '0644',
    });
    expect(lines.at(-1)).toMatchObject({ entries: lines.length - 2 });
  });
});

describe('a sample', () => {
  test('is the same for the same seed, another for another, and never larger than asked', () => {
    const names = (seed: string, count: number) =>
      choose(openManifest(manifest).entries(), count, seed).map(({ path }) => path);
    expect(names('a', 10)).toEqual(names('a', 10));
    expect(names('a', 10)).not.toEqual(names('b', 10));
    expect(names('a', 10)).toHaveLength(10);
    expect(new Set(names('a', 1_000)).size).toBe(openManifest(manifest).summary.files);
  });
});
