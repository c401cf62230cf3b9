import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readGivenFile } from '../../src/host/given-file.ts';
import { temporaryFolder } from './folder.ts';

test('any text comes back as it was, through a symlink too, and without a mark of its byte order', async () => {
  const folder = temporaryFolder();
  const file = join(folder, 'file');
  symlinkSync('file', join(folder, 'link'));
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'grapheme' }), async (text) => {
      writeFileSync(file, `\ufeff${text}`);
      expect(await readGivenFile(file)).toBe(text);
      expect(await readGivenFile(join(folder, 'link'))).toBe(text);
    }),
  );
  expect(await readGivenFile('/proc/self/comm')).toMatch(/\n$/);
});

test('bytes that are no text are refused, and UTF-16 is named', async () => {
  const file = join(temporaryFolder(), 'file');
  writeFileSync(file, Buffer.from([0x61, 0xff, 0x62]));
  await expect(readGivenFile(file)).rejects.toThrow('it is not UTF-8 text');
  writeFileSync(file, Buffer.from('\ufeff{}', 'utf16le'));
  await expect(readGivenFile(file)).rejects.toThrow('it is UTF-16; save it as UTF-8');
});

test('what could wait for ever or never end is refused at once: a pipe, a device, a folder, a huge file', async () => {
  const folder = temporaryFolder();
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  mkdirSync(join(folder, 'folder'));
  writeFileSync(join(folder, 'huge'), '');
  truncateSync(join(folder, 'huge'), 2 ** 40);
  symlinkSync('circle', join(folder, 'circle'));
  await expect(readGivenFile(join(folder, 'pipe'))).rejects.toThrow('it is a pipe or a device');
  await expect(readGivenFile('/dev/zero')).rejects.toThrow('it is a pipe or a device');
  await expect(readGivenFile(join(folder, 'folder'))).rejects.toThrow('it is a folder');
  await expect(readGivenFile(join(folder, 'huge'))).rejects.toThrow(
    'it has 1099511627776 bytes, and at most 1048576',
  );
  await expect(readGivenFile(join(folder, 'circle'))).rejects.toMatchObject({ code: 'ELOOP' });
  await expect(readGivenFile(join(folder, 'none'))).rejects.toMatchObject({ code: 'ENOENT' });
});
