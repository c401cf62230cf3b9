import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RecordedUndo } from '../../../src/journal/event.ts';
import { elsewhere, runFolder, step, thisBoot } from './run-script.ts';

const isRoot = process.getuid?.() === 0;
if (!isRoot) console.log('skipped: mounts need root');

/** The script of one undo, run where the given mounts are, in a namespace that takes them with it. */
function inNamespace(folder: string, mounts: string, afterwards: string, args = '-y') {
  const script = `set -e; cd "$1"; ${mounts}\nset +e; sh undo.sh ${args} 2>&1; echo "exit $?"; ${afterwards}`;
  const { stdout, stderr } = spawnSync('unshare', ['-m', 'sh', '-c', script, 'sh', folder], {
    encoding: 'utf8',
  });
  return stdout + stderr;
}

function code(...commands: Extract<RecordedUndo, { kind: 'code' }>['breakGlass'] & object[]): RecordedUndo {
  return { kind: 'code', describe: 'x', breakGlass: commands as never };
}

describe.skipIf(!isRoot).each(['place', "a place\nof it's own\\"])('a recorded bind mount at %j', (name) => {
  const there = (boot = thisBoot) => {
    const run = runFolder([]);
    const [point, source, other] = [name, 'source', 'other'].map((each) => join(run.folder, each)) as [
      string,
      string,
      string,
    ];
    for (const path of [point, source, other]) mkdirSync(path);
    writeFileSync(join(source, 'marker'), '');
    // In the namespace a tmpfs, so that its root within the file system is known.
    const mounts = `mount -t tmpfs none source; mkdir source/in; : >source/in/marker`;
    run.rewrite([
      step(
        'mount',
        code({
          argv: ['umount', '--', point],
          only: [
            { is: 'same-boot', boot },
            { is: 'mounted', path: point, device: '@DEVICE@', root: '/in' },
          ],
        }),
      ),
    ]);
    const fill = `${mounts}; device=$(stat -c %Hd:%Ld source); sed -i "s/@DEVICE@/$device/" undo.sh`;
    return { folder: run.folder, fill, point };
  };
  const bind = `mount --bind source/in "$P"`;
  const look = `[ -e "$P/marker" ] && echo shown || echo not shown`;
  const go = (mounts: string, options: { boot?: typeof thisBoot; afterwards?: string } = {}) => {
    const { folder, fill, point } = there(options.boot);
    const name = `P='${point.replaceAll("'", String.raw`'\''`)}'`;
    return inNamespace(folder, `${name}; ${fill}; ${mounts}`, `${options.afterwards ?? ''} ${look}`);
  };

  it('is unmounted when it is there', () => {
    expect(go(bind)).toMatch(/-> umount[\s\S]*exit 0\nnot shown\n$/);
  });

  it('is left alone where it never was, or after a boot', () => {
    expect(go('true')).toMatch(/nothing to do: .*exit 0\nnot shown\n$/s);
    expect(go(bind, { boot: elsewhere })).toMatch(/booted since.*exit 0\nshown\n$/s);
  });

  it('is not taken for another mount in its place, nor for one that something covers', () => {
    expect(go(`mount -t tmpfs none "$P"`, { afterwards: 'umount "$P" && echo still there;' })).toMatch(
      /exit 0\nstill there\n/,
    );
    expect(go(`${bind}; mount --bind source "$P"`)).toMatch(/nothing to do: .*exit 0\nnot shown\n$/s);
  });

  it('is never unmounted from under whoever uses it, and the script says who does', () => {
    const said = go(`${bind}; (cd "$P"; exec sleep 30) & user=$!`, { afterwards: 'kill $user;' });
    expect(said).toMatch(
      /in use by sleep \(process \d+\).*STOPPED: that command exited with 32.*exit 5\nshown\n$/s,
    );
  });
});

describe.skipIf(!isRoot)('a removal', () => {
  it('is refused while something is mounted in what it removes', () => {
    const run = runFolder([]);
    run.rewrite([
      step('copy', { kind: 'data', actions: [{ argv: ['rm', '-rf', '--', join(run.folder, 'copy')] }] }),
    ]);
    mkdirSync(join(run.folder, 'copy/in it'), { recursive: true });
    const mount = `mount -t tmpfs none 'copy/in it'; : >'copy/in it/precious'`;
    expect(inNamespace(run.folder, mount, `ls 'copy/in it'`)).toMatch(
      /STOPPED: something is mounted.*exit 5\nprecious\n$/s,
    );
    expect(inNamespace(run.folder, 'true', 'ls -d copy')).toMatch(/exit 0\n.*cannot access/s);
  });

  it('of a copy is refused while a mount shows it elsewhere, and goes on when the mount is gone', () => {
    const run = runFolder([]);
    const copy = join(run.folder, 'disk/copy');
    run.rewrite([
      step(
        'copy',
        code({
          argv: ['rm', '-r', '--', copy],
          only: [{ is: 'there', path: copy }],
          demand: [{ is: 'shown-nowhere-else', path: copy }],
        }),
      ),
    ]);
    mkdirSync(join(run.folder, 'disk'));
    mkdirSync(join(run.folder, 'live'));
    const disk = 'mount -t tmpfs none disk; mkdir -p disk/copy/store';
    for (const shown of ['disk/copy', 'disk/copy/store'])
      expect(inNamespace(run.folder, `${disk}; mount --bind ${shown} live`, 'ls disk')).toMatch(
        /STOPPED: .*still in use by a mount.*exit 5\ncopy\n$/s,
      );
    expect(inNamespace(run.folder, disk, 'ls disk')).toMatch(/exit 0\n$/);
  });

  it('stops unless the folder is the very one that the log of the copy names', () => {
    const run = runFolder([]);
    const [copy, log] = ['copy', 'copylog'].map((each) => join(run.folder, each)) as [string, string];
    mkdirSync(copy);
    const named = { is: 'named-in' as const, path: copy, file: log, before: '"inode":"', after: '"}}' };
    run.rewrite([
      step('copy', code({ argv: ['rmdir', copy], only: [{ is: 'there', path: copy }], demand: [named] })),
    ]);
    const write = (inode: string) =>
      writeFileSync(log, `{"copylog":1,"target":{"path":"x","inode":"${inode}"}}\nmore\n`);
    write('1');
    expect(run.run()).toMatchObject({
      status: 5,
      said: expect.stringContaining('not the folder that the run filled'),
    });
    write(String(statSync(copy).ino));
    expect(run.run().status).toBe(0);
  });

  it('tells what was written since from what was not', () => {
    const run = runFolder([]);
    const [folder, file] = ['folder', 'file'].map((each) => join(run.folder, each)) as [string, string];
    mkdirSync(join(folder, 'deep'), { recursive: true });
    writeFileSync(join(folder, 'deep/old'), '');
    writeFileSync(file, '');
    const says = (is: 'written-since' | 'unwritten-since') =>
      step(
        is,
        code({
          argv: ['sh', '-c', `echo ${is} >>"$0"`, join(run.folder, 'log')],
          only: [{ is, path: folder, files: [file, '/nonexistent'] }],
        }),
      );
    run.rewrite([says('written-since'), says('unwritten-since')]);
    expect(run.run().status).toBe(0);
    // Its time of change is not the clock's: a store's files all say 1970.
    spawnSync('touch', ['-d', '@1', join(folder, 'deep/old')]);
    writeFileSync(join(run.folder, 'undo.done'), '');
    expect(run.run().status).toBe(0);
    expect(readFileSync(join(run.folder, 'log'), 'utf8')).toBe('unwritten-since\nwritten-since\n');
  });
});

it.skipIf(!isRoot)('a lazy unmount is left to a person', () => {
  const run = runFolder([step('m', { kind: 'data', actions: [{ argv: ['umount', '-l', '/nonexistent'] }] })]);
  expect(run.run()).toMatchObject({ status: 5, said: expect.stringContaining('BY HAND: umount -l') });
});
