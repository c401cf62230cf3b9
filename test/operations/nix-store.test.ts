import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { forcedBuildBenchmark, nixGarbageProof, nixStoreVerify } from '../../src/operations/index.ts';
import { statistics } from '../../src/operations/nix/forced-build-benchmark.ts';
import { nixString, storeOption } from '../../src/operations/nix/nix-store.ts';
import { temporaryFolder } from '../host/folder.ts';
import { drive, preview } from './drive.ts';
import { liveStore, storeFolder, withoutNix } from './nix-world.ts';

test(
  'a store copied whole is read path by path and found intact, with as many paths as its source',
  { skip: withoutNix },
  async () => {
    const { folder } = storeFolder(5);
    const copy = join(temporaryFolder(), 'a copy');
    execFileSync('cp', ['-a', folder, copy]);
    const given = { folder: copy, like: folder, expectPaths: 5 };
    expect((await preview(nixStoreVerify, given)).facts).toEqual({ paths: 5 });
    const step = await drive(nixStoreVerify, given);
    expect(await step.act()).toEqual({ paths: 5 });
    expect(step.progress.at(-1)).toEqual({ doing: 'verifying', doneFiles: 5, totalFiles: 5 });
    execFileSync('chmod', ['-R', 'u+w', copy]);
  },
);

test('a store that is not there is an error, and none is created', { skip: withoutNix }, async () => {
  const { folder } = storeFolder(1);
  const absent = join(temporaryFolder(), 'absent');
  await expect((await drive(nixStoreVerify, { folder: absent })).act()).rejects.toMatchObject({
    code: 'nix.no-store',
    message: expect.stringContaining(`${absent}/store is not there`),
  });
  expect(existsSync(absent)).toBe(false);
  rmSync(join(folder, 'var/nix/db'), { recursive: true });
  await expect((await drive(nixStoreVerify, { folder })).act()).rejects.toMatchObject({
    code: 'nix.no-store',
  });
});

test('a changed file of the same size and time is found', { skip: withoutNix }, async () => {
  const { folder } = storeFolder(3);
  const [name] = readdirSync(join(folder, 'store')).filter((entry) => entry.endsWith('-file-1'));
  const path = join(folder, 'store', name!);
  chmodSync(path, 0o644);
  writeFileSync(path, 'cOntent 1\n');
  chmodSync(path, 0o444);
  await expect((await drive(nixStoreVerify, { folder, expectPaths: 3 })).act()).rejects.toMatchObject({
    code: 'nix.corrupt',
    message: expect.stringContaining('file-1'),
  });
});

test(
  'a path that is missing is found, although Nix drops it from its database and exits with 0',
  { skip: withoutNix },
  async () => {
    const { folder } = storeFolder(3);
    const [name] = readdirSync(join(folder, 'store')).filter((entry) => entry.endsWith('-file-1'));
    rmSync(join(folder, 'store', name!));
    await expect((await drive(nixStoreVerify, { folder, expectPaths: 3 })).act()).rejects.toMatchObject({
      code: 'nix.corrupt',
    });
    // The second look at it sees nothing wrong: only the number of paths tells.
    await expect((await drive(nixStoreVerify, { folder, expectPaths: 3 })).act()).rejects.toMatchObject({
      code: 'nix.other-paths',
    });
  },
);

test(
  'a store with other paths than its source is refused before it is read',
  { skip: withoutNix },
  async () => {
    const source = storeFolder(3).folder;
    const { folder } = storeFolder(2);
    await expect((await drive(nixStoreVerify, { folder, like: source })).act()).rejects.toMatchObject({
      code: 'nix.other-paths',
      message: expect.stringContaining('lacks 1 paths'),
    });
  },
);

test(
  'the garbage proof adds one path, deletes exactly that one, and can be repeated and undone',
  { skip: withoutNix },
  async () => {
    const { folder, nix } = storeFolder(3);
    const before = readdirSync(join(folder, 'store')).toSorted();
    const step = await drive(nixGarbageProof, { folder });
    const { path } = await step.act();
    expect(path).toMatch(/^\/nix\/store\/.*-migrate-garbage-proof$/);
    expect(readdirSync(join(folder, 'store')).toSorted()).toEqual(before);
    await step.act();
    await step.undo();
    expect(
      nix('nix', '--extra-experimental-features', 'nix-command', 'path-info', '--all').split('\n'),
    ).toHaveLength(3);
  },
);

test(
  'the garbage proof that was interrupted leaves a path that its undo deletes',
  { skip: withoutNix },
  async () => {
    const { folder } = storeFolder(1);
    const step = await drive(nixGarbageProof, { folder });
    const [add] = step.described;
    const { argv } = add as { argv: [string, ...string[]] };
    execFileSync(argv[0], argv.slice(1));
    const name = step.captured.path.split('/').at(-1)!;
    expect(existsSync(join(folder, 'store', name))).toBe(true);
    await step.undo();
    expect(existsSync(join(folder, 'store', name))).toBe(false);
  },
);

test('every timed build is a real one, and nothing of it is left', { skip: withoutNix }, async () => {
  const root = liveStore();
  const step = await drive(forcedBuildBenchmark, { runs: 2, mebibytes: 1 });
  const { ms, medianMs } = await step.act();
  expect(ms).toHaveLength(2);
  expect(ms.every((time) => time > 0)).toBe(true);
  expect(medianMs).toBe((ms[0]! + ms[1]!) / 2);
  expect(readdirSync(join(root, 'store'))).toEqual(['.links']);
});

test(
  'a build that an interrupted attempt has left is deleted, and built again',
  { skip: withoutNix },
  async () => {
    const root = liveStore();
    const step = await drive(forcedBuildBenchmark, { runs: 1, mebibytes: 1 });
    const [build] = step.captured.builds;
    execFileSync('nix-instantiate', ['--expr', build!.expression], { stdio: 'ignore' });
    execFileSync('nix-store', ['--realise', build!.derivation], { stdio: 'ignore' });
    expect(statSync(build!.output).size).toBe(1024 * 1024);
    await step.act();
    expect(readdirSync(join(root, 'store'))).toEqual(['.links']);
    await step.undo();
  },
);

test('the median and the spread of measurements are those of statistics', () => {
  expect(statistics([30, 10, 20])).toEqual({ ms: [30, 10, 20], medianMs: 20, spread: 1 });
  expect(statistics([10, 20])).toEqual({ ms: [10, 20], medianMs: 15, spread: 0.667 });
  expect(statistics([7])).toEqual({ ms: [7], medianMs: 7, spread: 0 });
});

test('odd names reach Nix as they are', () => {
  const interpolation = '$'.concat('{c}');
  expect(nixString(`a "b" ${interpolation} \\ \n`)).toBe(`"a \\"b\\" \\${interpolation} \\\\ \\n"`);
  expect(storeOption('/nix')).toEqual([]);
  expect(storeOption('/mnt/a b&c')).toEqual([
    '--store',
    'local?real=/mnt/a%20b%26c/store&state=/mnt/a%20b%26c/var/nix&log=/mnt/a%20b%26c/var/log/nix',
  ]);
});
