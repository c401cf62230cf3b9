import { linkSync, lstatSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { deviceNumber } from '../../src/copy/entry.ts';
import { fromText, planRemoval } from '../../src/copy/index.ts';
import { thisMachine } from '../../src/host/this-machine.ts';
import type { BootNeed } from '../../src/operations/removal/boot-path.ts';
import { followPath } from '../../src/operations/mounts/follow-path.ts';
import { fstabPaths } from '../../src/operations/mounts/fstab.ts';
import { refuseNeeded } from '../../src/operations/removal/remove-boot-path.ts';
import { temporaryFolder } from '../host/folder.ts';

const host = thisMachine();
const follow = (root: string, path: string) => followPath(host.files, root, path);

describe('a path as another root shows it', () => {
  test('leads through absolute and relative symlinks without leaving that root', async () => {
    const root = temporaryFolder();
    mkdirSync(join(root, 'nix/store/system/bin'), { recursive: true });
    mkdirSync(join(root, 'nix/profiles'));
    mkdirSync(join(root, 'sbin'));
    writeFileSync(join(root, 'nix/store/system/bin/init'), '');
    symlinkSync('/nix/profiles/system/bin/../bin/init', join(root, 'sbin/init'));
    symlinkSync('../store/system', join(root, 'nix/profiles/system'));
    const { passed, whole, end } = await follow(root, '/sbin/init');
    expect([whole, end]).toEqual([true, '/nix/store/system/bin/init']);
    expect(passed.map(({ path }) => path)).toEqual([
      ...['/sbin', '/sbin/init', '/nix', '/nix/profiles', '/nix/profiles/system', '/nix', '/nix/store'],
      ...['/nix/store/system', '/nix/store/system/bin', '/nix/store/system', '/nix/store/system/bin'],
      '/nix/store/system/bin/init',
    ]);
    expect(passed.at(-1)?.inode).toBe(String(lstatSync(join(root, 'nix/store/system/bin/init')).ino));
  });

  test('ends where nothing is, and where symlinks lead in a circle', async () => {
    const root = temporaryFolder();
    symlinkSync('/two', join(root, 'one'));
    symlinkSync('one', join(root, 'two'));
    symlinkSync('/nowhere/else', join(root, 'broken'));
    expect(await follow(root, '/one/more')).toMatchObject({ whole: false });
    expect(await follow(root, '/broken')).toMatchObject({ whole: false, end: '/nowhere' });
    // Out of the root one does not get.
    expect(await follow(root, '/../../etc/passwd')).toMatchObject({ whole: false, end: '/etc' });
  });
});

test('/etc/fstab names folders, image files and the parts of overlays; devices and comments it does not', () => {
  const { sources, points } = fstabPaths(
    [
      '# /commented /out none bind',
      '/dev/sda1 / ext4 defaults 0 1',
      'UUID=1234 /boot vfat umask=0077 0 2',
      String.raw`/mnt/with\040space /srv/media none bind 0 0`,
      '/var/swapfile none swap sw 0 0',
      'overlay /merged overlay lowerdir=/lower/a:/lower/b,upperdir=/upper,workdir=/work 0 0',
      '',
    ].join('\n'),
  );
  expect(sources).toEqual([
    ...['/mnt/with space', '/var/swapfile', '/lower/a', '/lower/b', '/upper', '/work'],
  ]);
  expect(points).toEqual(['/', '/boot', '/srv/media', '/merged']);
});

describe('what a boot needs', () => {
  function tree() {
    const root = join(temporaryFolder(), 'tree');
    mkdirSync(join(root, 'boots/sub'), { recursive: true });
    writeFileSync(join(root, 'boots/sub/file'), '');
    writeFileSync(join(root, 'kept'), '');
    linkSync(join(root, 'kept'), join(root, 'other-name'));
    return root;
  }
  const need = (path: string, whole = false): BootNeed => {
    const { dev, ino } = lstatSync(path, { bigint: true });
    return { path, device: deviceNumber(dev), inode: String(ino), why: 'a test', whole };
  };
  const asked = (root: string, keep: readonly string[], needs: readonly BootNeed[], unknown?: string) =>
    refuseNeeded(host, root, planRemoval(root, new Set(keep.map(fromText)), false), { needs, unknown });

  test('stops a removal, unless it is kept', async () => {
    const root = tree();
    const file = need(join(root, 'boots/sub/file'));
    await expect(asked(root, [], [file])).rejects.toMatchObject({
      code: 'remove.boot-path',
      message: expect.stringContaining(`${root}/boots/sub/file (a test)`) as string,
    });
    await asked(root, ['boots'], [file]);
    // The folder as such stays, but not all that it holds.
    await asked(root, ['boots/sub/file'], [need(join(root, 'boots'))]);
    await expect(asked(root, ['boots/sub'], [need(root, true)])).rejects.toThrow('remove');
  });

  test('is told by its name where another name of the same file goes', async () => {
    const root = tree();
    await asked(root, ['kept'], [need(join(root, 'kept'))]);
    await expect(asked(root, ['other-name'], [need(join(root, 'kept'))])).rejects.toMatchObject({
      code: 'remove.boot-path',
    });
  });

  test('is not guessed: a store of which nobody knows the closure stays', async () => {
    const root = tree();
    const store = { ...need(root), path: '/nix/store' };
    await expect(asked(root, ['kept'], [store], 'nix-store is not there')).rejects.toMatchObject({
      code: 'remove.boot-path-unknown',
      message: expect.stringContaining('nix-store is not there') as string,
    });
    // Another store than the one that goes.
    await asked(tree(), ['kept'], [store], 'nix-store is not there');
  });
});
