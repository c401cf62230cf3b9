import { chmodSync, linkSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { appendToFile, editFile } from '../../src/operations/index.ts';
import { replaceOnce } from '../../src/operations/files/replacement.ts';
import { temporaryFolder } from '../host/folder.ts';
import { drive, preview } from './drive.ts';

const original = '{\n  storage = {\n    bindMountNixStore = false;\n  };\n}\n';
const replace = { from: 'bindMountNixStore = false;', to: 'bindMountNixStore = true;' };

function file(content: string | Buffer, mode = 0o640): string {
  const path = join(temporaryFolder(), 'default.nix');
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
}

test('an edit changes exactly the text, keeps the mode, and its undo restores every byte', async () => {
  const path = file(original);
  const step = await drive(editFile, { path, replace });
  expect(await step.probe()).toBe('not-started');
  await step.act();
  expect(readFileSync(path, 'utf8')).toBe(original.replace('false', 'true'));
  expect(statSync(path).mode & 0o7777).toBe(0o640);
  expect(await step.probe()).toBe('done');
  await step.act();
  await step.undo();
  expect(readFileSync(path, 'utf8')).toBe(original);
  expect(statSync(path).mode & 0o7777).toBe(0o640);
  expect(await step.probe()).toBe('not-started');
  await step.undo();
  expect(readFileSync(path, 'utf8')).toBe(original);
});

test('an edit that was made before is found done and changes nothing', async () => {
  const path = file(original.replace('false', 'true'));
  const step = await drive(editFile, { path, replace });
  expect(await step.probe()).toBe('done');
  expect((await preview(editFile, { path, replace })).facts).toEqual({ path, changes: false });
});

test('a text that is there never or twice is refused with the count, the lines and the way out', async () => {
  const path = file(`${replace.from}\nx\n${replace.from}\n`);
  await expect(drive(editFile, { path, replace })).rejects.toMatchObject({
    code: 'edit.not-once',
    message: `${path} must hold "bindMountNixStore = false;" exactly once, and holds it 2 times, in lines 1, 3`,
    hint: expect.stringContaining('more of the text around it'),
  });
  await expect(drive(editFile, { path: file('x'), replace })).rejects.toMatchObject({
    message: expect.stringContaining('holds it nowhere'),
    hint: expect.stringContaining('spaces'),
  });
});

test('an edit after somebody else has changed the file is refused, and so is its undo', async () => {
  const path = file(original);
  const step = await drive(editFile, { path, replace });
  writeFileSync(path, `${original}# mine\n`);
  expect(await step.probe()).toEqual({ unknown: expect.stringContaining('was changed since') });
  await expect(step.act()).rejects.toMatchObject({ code: 'edit.changed' });
  await expect(step.undo()).rejects.toMatchObject({ code: 'undo.edited' });
  expect(readFileSync(path, 'utf8')).toBe(`${original}# mine\n`);
});

test('a symlink stays a symlink, and the file that it names is edited and restored', async () => {
  const path = file(original);
  const link = join(temporaryFolder(), 'link.nix');
  symlinkSync(path, link);
  const step = await drive(editFile, { path: link, replace });
  await step.act();
  expect(readFileSync(path, 'utf8')).toContain('= true;');
  expect(step.undoActions).toMatchObject([{ restore: path }]);
  await step.undo();
  expect(readFileSync(link, 'utf8')).toBe(original);
});

test('what cannot be put back exactly is not edited: other bytes than UTF-8, a large file, hard links, a folder', async () => {
  const refusal = async (path: string) =>
    drive(editFile, { path, replace }).catch((error: { code: string }) => error.code);
  expect(await refusal(file(Buffer.concat([Buffer.from(original), Buffer.from([0xf0, 0x9f, 0x98])])))).toBe(
    'edit.not-utf8',
  );
  expect(await refusal(file(Buffer.alloc(1024 * 1024 + 1, 'a')))).toBe('edit.too-large');
  const linked = file(original);
  linkSync(linked, `${linked}.second`);
  expect(await refusal(linked)).toBe('edit.hard-links');
  expect(await refusal(temporaryFolder())).toBe('edit.not-a-file');
  expect(await refusal('/nowhere/at/all')).toBe('edit.no-file');
});

test('a byte order mark and Windows line ends survive an edit', async () => {
  const path = file('\uFEFFa = 1\r\nb = 2\r\n');
  const step = await drive(editFile, { path, replace: { from: 'b = 2', to: 'b = 3' } });
  await step.act();
  expect(readFileSync(path, 'utf8')).toBe('\uFEFFa = 1\r\nb = 3\r\n');
});

const text = fc.string({ unit: fc.constantFrom('a', 'b', 'é', '\n'), maxLength: 12 });
const some = text.filter((from) => from !== '');

test('a replacement changes one place and leaves everything else as it was', () => {
  fc.assert(
    fc.property(text, some, some, text, (before, from, to, after) => {
      const whole = before + from + after;
      fc.pre(from !== to && whole.split(to).length === 1 && whole.indexOf(from) === whole.lastIndexOf(from));
      expect(replaceOnce(whole, { from, to, path: 'x' })).toBe(before + to + after);
    }),
  );
});

test('an insertion is made once or refused, never twice, whatever the texts', () => {
  fc.assert(
    fc.property(text, some, text, text, text, (before, from, left, right, after) => {
      const to = left + from + right;
      fc.pre(from !== to);
      const insert = (whole: string) => {
        try {
          return replaceOnce(whole, { from, to, path: 'x' });
        } catch {
          return undefined;
        }
      };
      const once = insert(before + from + after);
      if (once !== undefined) expect([once, undefined]).toContain(insert(once));
    }),
    { numRuns: 2_000 },
  );
});

test('text inserted at an anchor is inserted once', async () => {
  const path = file('imports = [\n];\n');
  const insertion = { from: 'imports = [\n', to: 'imports = [\n  ./keep-boot.nix\n' };
  await (await drive(editFile, { path, replace: insertion })).act();
  const again = await drive(editFile, { path, replace: insertion });
  expect(await again.probe()).toBe('done');
  expect(readFileSync(path, 'utf8')).toBe('imports = [\n  ./keep-boot.nix\n];\n');
});

test('lines are appended once, after a newline that was missing, and taken away again', async () => {
  const path = file('one');
  const step = await drive(appendToFile, { path, text: 'two' });
  await step.act();
  expect(readFileSync(path, 'utf8')).toBe('one\ntwo\n');
  expect(await (await drive(appendToFile, { path, text: 'two' })).probe()).toBe('done');
  await step.undo();
  expect(readFileSync(path, 'utf8')).toBe('one');
});

test('a file that appending has created is removed by the undo', async () => {
  const path = join(temporaryFolder(), 'new');
  await expect(drive(appendToFile, { path, text: 'x' })).rejects.toMatchObject({ code: 'edit.no-file' });
  const step = await drive(appendToFile, { path, text: 'x', create: true });
  await step.act();
  expect(readFileSync(path, 'utf8')).toBe('x\n');
  await step.undo();
  expect(statSync(path, { throwIfNoEntry: false })).toBeUndefined();
  await step.undo();
});
