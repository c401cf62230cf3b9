import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatDevice, systemFiles } from '../../src/host/files.ts';
import { temporaryFolder } from './folder.ts';

const isRoot = process.getuid?.() === 0;

test('a replaced file keeps its mode and leaves nothing else behind', async () => {
  const folder = temporaryFolder();
  const file = `${folder}/fstab`;
  writeFileSync(file, 'old');
  chmodSync(file, 0o640);
  await systemFiles.replace(file, 'new');
  expect(readFileSync(file, 'utf8')).toBe('new');
  expect(statSync(file).mode & 0o7777).toBe(0o640);
  expect(readdirSync(folder)).toEqual(['fstab']);
});

test('a file of any name is replaced, also one that leaves no room for a longer name', async () => {
  const folder = temporaryFolder();
  const names = ['n'.repeat(255), `${'é'.repeat(127)}n`, '-rf', 'two\nlines', ' ', '$(id)', '*'];
  for (const name of names) {
    for (const content of ['old', 'new']) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await systemFiles.replace(`${folder}/${name}`, content);
    }
    expect(readFileSync(`${folder}/${name}`, 'utf8')).toBe('new');
  }
  expect(readdirSync(folder).toSorted()).toEqual(names.toSorted());
});

test('a mode that is given wins, also for a new file', async () => {
  const folder = temporaryFolder();
  await systemFiles.replace(`${folder}/key`, 'k', { mode: 0o600 });
  expect(statSync(`${folder}/key`).mode & 0o7777).toBe(0o600);
});

test.skipIf(!isRoot)('a replaced file keeps its owner and its extended attributes', async () => {
  const folder = temporaryFolder();
  const file = `${folder}/config`;
  writeFileSync(file, 'old');
  chownSync(file, 1234, 5678);
  execFileSync('setfattr', ['-n', 'user.note', '-v', 'kept', file]);
  await systemFiles.replace(file, 'new');
  expect(statSync(file)).toMatchObject({ uid: 1234, gid: 5678 });
  expect(execFileSync('getfattr', ['--only-values', '-n', 'user.note', file], { encoding: 'utf8' })).toBe(
    'kept',
  );
});

test('a symlink stays, and the file that it names is replaced', async () => {
  const folder = temporaryFolder();
  mkdirSync(`${folder}/real`);
  writeFileSync(`${folder}/real/file`, 'old');
  symlinkSync('real/file', `${folder}/link`);
  await systemFiles.replace(`${folder}/link`, 'new');
  expect(readlinkSync(`${folder}/link`)).toBe('real/file');
  expect(readFileSync(`${folder}/real/file`, 'utf8')).toBe('new');
  symlinkSync('real/missing', `${folder}/dangling`);
  await systemFiles.replace(`${folder}/dangling`, 'made');
  expect(readFileSync(`${folder}/real/missing`, 'utf8')).toBe('made');
});

test('what an interrupted replacement left is no obstacle to the next', async () => {
  const folder = temporaryFolder();
  writeFileSync(`${folder}/.file.migrate-new`, 'half');
  await systemFiles.replace(`${folder}/file`, 'whole');
  expect(readdirSync(folder)).toEqual(['file']);
});

test('what cannot be replaced stays as it is, and the error names the path and the cause', async () => {
  const folder = temporaryFolder();
  await expect(systemFiles.replace(`${folder}/a/b`, 'x')).rejects.toThrow(
    `cannot replace ${folder}/a/b: there is no such file or folder`,
  );
  await expect(systemFiles.replace(folder, 'x')).rejects.toThrow('not a regular file');
  symlinkSync('loop', `${folder}/loop`);
  await expect(systemFiles.replace(`${folder}/loop`, 'x')).rejects.toThrow('in a circle');
  await expect(systemFiles.replace('relative', 'x')).rejects.toThrow('not absolute');
  expect(readdirSync(folder)).toEqual(['loop']);
});

test('a stat does not follow a symlink, and counts links', async () => {
  const folder = temporaryFolder();
  writeFileSync(`${folder}/a`, 'abc');
  linkSync(`${folder}/a`, `${folder}/b`);
  symlinkSync('a', `${folder}/c`);
  const stat = await systemFiles.stat(`${folder}/a`);
  expect(stat).toMatchObject({
    kind: 'file',
    size: 3,
    links: 2,
    inode: String(lstatSync(`${folder}/a`).ino),
  });
  expect(await systemFiles.stat(`${folder}/c`)).toMatchObject({ kind: 'symlink' });
  expect(await systemFiles.readLink(`${folder}/c`)).toBe('a');
  expect(await systemFiles.readLink(`${folder}/a`)).toBeUndefined();
  expect(await systemFiles.realPath(`${folder}/c`)).toBe(`${folder}/a`);
});

test('what is not there is undefined, whatever is asked of it', async () => {
  const folder = temporaryFolder();
  writeFileSync(`${folder}/file`, '');
  for (const path of [`${folder}/missing`, `${folder}/file/beneath`]) {
    expect(await systemFiles.read(path)).toBeUndefined();
    expect(await systemFiles.stat(path)).toBeUndefined();
    expect(await systemFiles.readLink(path)).toBeUndefined();
    expect(await systemFiles.realPath(path)).toBeUndefined();
    expect(await systemFiles.list(path)).toBeUndefined();
  }
});

test('created folders are named from the outermost, and those that were there are not', async () => {
  const folder = temporaryFolder();
  expect(await systemFiles.makeFolder(`${folder}/a/b`, { mode: 0o700 })).toEqual([
    `${folder}/a`,
    `${folder}/a/b`,
  ]);
  expect(statSync(`${folder}/a/b`).mode & 0o777).toBe(0o700);
  expect(statSync(`${folder}/a`).mode & 0o777).toBe(0o777 & ~process.umask());
  expect(await systemFiles.makeFolder(`${folder}/a/b`)).toEqual([]);
  writeFileSync(`${folder}/file`, '');
  await expect(systemFiles.makeFolder(`${folder}/file`)).rejects.toThrow('something else is there');
  await expect(systemFiles.makeFolder('/proc/no/such')).rejects.toThrow(
    'cannot create the folder /proc/no/such',
  );
});

test('a rename never replaces anything', async () => {
  const folder = temporaryFolder();
  writeFileSync(`${folder}/a`, 'a');
  writeFileSync(`${folder}/b`, 'b');
  await expect(systemFiles.rename(`${folder}/a`, `${folder}/b`)).rejects.toThrow('already there');
  await systemFiles.rename(`${folder}/a`, `${folder}/c`);
  expect(readdirSync(folder)).toEqual(['b', 'c']);
});

test('a removal takes one thing, never a full folder, and may be repeated', async () => {
  const folder = temporaryFolder();
  mkdirSync(`${folder}/full`);
  writeFileSync(`${folder}/full/file`, '');
  symlinkSync('full', `${folder}/link`);
  await expect(systemFiles.remove(`${folder}/full`)).rejects.toThrow('not empty');
  await systemFiles.remove(`${folder}/link`);
  await systemFiles.remove(`${folder}/link`);
  await systemFiles.remove(`${folder}/gone/too`);
  expect(readdirSync(folder)).toEqual(['full']);
});

test('space for users and space for root are those that stat(1) reports', async () => {
  const space = await systemFiles.space('/');
  const [unit, free, available, total] = execFileSync('stat', ['-f', '-c', '%S %f %a %b', '/'], {
    encoding: 'utf8',
  })
    .split(' ')
    .map(Number) as [number, number, number, number];
  expect(space.total).toBe(unit * total);
  // Others write meanwhile.
  expect(Math.abs(space.freeForUsers - unit * available)).toBeLessThan(1e9);
  expect(Math.abs(space.freeForRoot - unit * free)).toBeLessThan(1e9);
});

test('a device number is decoded as the C library encodes it', () => {
  expect(formatDevice(1048658n)).toBe('0:338');
  const major = fc.integer({ min: 0, max: 0xffffffff });
  fc.assert(
    fc.property(major, major, (one, two) => {
      const [a, b] = [BigInt(one), BigInt(two)];
      const encoded =
        ((a & 0xfffff000n) << 32n) | ((a & 0xfffn) << 8n) | ((b & 0xffffff00n) << 12n) | (b & 0xffn);
      expect(formatDevice(encoded)).toBe(`${one}:${two}`);
    }),
  );
});
