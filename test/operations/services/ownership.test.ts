import { chmodSync, lstatSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ownership } from '../../../src/operations/index.ts';
import { isAsWanted, parseEntries, wantedMode } from '../../../src/operations/services/entries.ts';
import { temporaryFolder } from '../../host/folder.ts';
import { drive, preview } from '../drive.ts';

const modeOf = (path: string) => (lstatSync(path).mode & 0o7777).toString(8);

/** A service's folder with a file, a folder, a link and a name that is hard to type. */
function data(): { root: string; file: string; folder: string; odd: string } {
  const root = join(temporaryFolder(), 'data');
  const [file, folder] = [join(root, 'config.xml'), join(root, 'logs')];
  const odd = join(folder, ' a\n"b" -rf ');
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  chmodSync(root, 0o755);
  writeFileSync(file, 'x', { mode: 0o644 });
  writeFileSync(odd, 'x', { mode: 0o600 });
  symlinkSync('/etc/passwd', join(root, 'link'));
  return { root, file, folder, odd };
}

describe('ownership', () => {
  test('sets the modes of a folder and of all in it, and its undo gives each back its own', async () => {
    const { root, file, folder, odd } = data();
    const before = modeOf('/etc/passwd');
    const within = { files: '0640', folders: '0750' };
    const step = await drive(ownership, { path: root, mode: '0700', within });
    expect(await step.probe()).toBe('not-started');
    await step.act();
    expect([root, folder, file, odd].map(modeOf)).toEqual(['700', '750', '640', '640']);
    expect(await step.probe()).toBe('done');
    await step.act();
    await step.undo();
    await step.undo();
    expect([root, folder, file, odd].map(modeOf)).toEqual(['755', '755', '644', '600']);
    expect(await step.probe()).toBe('not-started');
    expect(modeOf('/etc/passwd')).toBe(before);
  });

  test('is undone also when an entry has gone since, and leaves alone what came later', async () => {
    const { root, file, folder } = data();
    const step = await drive(ownership, { path: root, within: { files: '0600' } });
    await step.act();
    rmSync(file);
    writeFileSync(join(folder, 'later'), 'x', { mode: 0o640 });
    await step.undo();
    expect(modeOf(join(folder, 'later'))).toBe('640');
    expect(await step.probe()).toBe('not-started');
  });

  test('changes nothing within when only the folder is named', async () => {
    const { root, file } = data();
    await (await drive(ownership, { path: root, mode: '0750' })).act();
    expect([root, file].map(modeOf)).toEqual(['750', '644']);
  });

  test('is not started, partial or done by what there is, and has nothing to do where all is so', async () => {
    const { root, file, odd } = data();
    const input = { path: root, within: { files: '0640' } };
    expect((await preview(ownership, input)).summary).toBe('2 entries will change');
    const step = await drive(ownership, input);
    chmodSync(file, 0o640);
    expect(await step.probe()).toBe('partial');
    chmodSync(odd, 0o640);
    expect(await step.probe()).toBe('done');
    expect((await preview(ownership, input)).summary).toBe('all is so already');
  });

  test('names a path that is not there, an account that nobody has, and a mode that is none', async () => {
    const { root } = data();
    await expect(drive(ownership, { path: join(root, 'gone'), mode: '0750' })).rejects.toMatchObject({
      code: 'ownership.absent',
    });
    await expect(drive(ownership, { path: root, owner: 'nobody-of-this-name' })).rejects.toMatchObject({
      code: 'ownership.no-account',
    });
    for (const input of [{ mode: '888' }, { mode: 750 }, { owner: 'a b' }, {}])
      expect(ownership.input.safeParse({ path: root, ...input }).success).toBe(false);
  });
});

test('what find prints is read back, whatever is in a name', () => {
  const entry = fc.record({
    letter: fc.constantFrom('f', 'd', 'l', 's'),
    mode: fc.integer({ min: 0, max: 0o7777 }),
    uid: fc.nat(),
    gid: fc.nat(),
    name: fc.string({ minLength: 1 }).filter((text) => !text.includes('\0')),
  });
  fc.assert(
    fc.property(fc.array(entry), (given) => {
      const text = given
        .map(({ letter, mode, uid, gid, name }) => `${letter} ${mode.toString(8)} ${uid} ${gid} /${name}\0`)
        .join('');
      const entries = parseEntries(text);
      expect(entries.map(({ path }) => path)).toEqual(given.map(({ name }) => `/${name}`));
      expect(entries.map(({ uid, gid }) => [uid, gid])).toEqual(given.map(({ uid, gid }) => [uid, gid]));
      for (const each of entries) {
        expect(isAsWanted(each, '/', {})).toBe(true);
        expect(isAsWanted(each, '/', { uid: each.uid + 1 })).toBe(false);
        if (each.kind === 'other')
          expect(wantedMode(each, '/', { files: '0600', folders: '0700' })).toBe(undefined);
      }
    }),
  );
});
