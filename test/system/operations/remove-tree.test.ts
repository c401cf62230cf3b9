import { execFileSync, spawn } from 'node:child_process';
import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
  chmodSync,
} from 'node:fs';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { deviceNumber } from '../../../src/copy/entry.ts';
import type { StepError } from '../../../src/errors.ts';
import { thisMachine } from '../../../src/host/this-machine.ts';
import { copyTree, removeTree, verifyTree } from '../../../src/operations/index.ts';
import type { Host } from '../../../src/runbook/index.ts';
import { temporaryFolder } from '../../copy/folder.ts';
import { drive } from '../../operations/drive.ts';

/** An old store that was copied, verified and is to go; boot needs `store/boot`. */
async function migrated() {
  const folder = temporaryFolder();
  const [old, copy, run] = [join(folder, 'disk/old'), join(folder, 'ssd/copy'), join(folder, 'run')];
  for (const path of [
    join(old, 'store/boot'),
    join(old, 'store/other'),
    join(old, 'store/.links'),
    join(old, 'var/profiles'),
    run,
  ]) {
    mkdirSync(path, { recursive: true });
  }
  writeFileSync(join(old, 'store/boot/init'), 'init');
  writeFileSync(join(old, 'store/other/file'), 'other');
  writeFileSync(Buffer.concat([Buffer.from(join(old, 'store/other/')), Buffer.from([0xff, 0x0a])]), 'odd');
  writeFileSync(join(old, 'var/db'), 'database');
  linkSync(join(old, 'store/boot/init'), join(old, 'store/.links/1'));
  linkSync(join(old, 'store/other/file'), join(old, 'store/.links/2'));
  symlinkSync('../../store/boot', join(old, 'var/profiles/system'));
  symlinkSync('/etc', join(old, 'store/other/to-etc'));
  for (const name of ['store/boot/init', 'store/other/file']) utimesSync(join(old, name), 1, 1);
  chmodSync(join(old, 'store/other'), 0o555);
  const options = { run: { folder: run } };
  const manifest = join(run, 'copy.manifest');
  await (await drive(copyTree, { from: old, to: copy, pass: 'final', manifest }, options)).act();
  const verification = await (await drive(verifyTree, { target: copy, manifest }, options)).act();
  const { dev, ino } = lstatSync(old, { bigint: true });
  const input = {
    path: old,
    identity: { device: deviceNumber(dev), inode: String(ino) },
    newCopy: copy,
    manifest,
    backup: 'none: this is a test',
  };
  return {
    folder,
    old,
    copy,
    run,
    options,
    input,
    verification,
    proven: { verification, maxAge: '1h' as const },
  };
}

const code = (expected: string) => expect.objectContaining({ code: expected });
const beside = (path: string) => readdirSync(dirname(path)).toSorted();

describe('an old tree', () => {
  test('goes as a whole, with the evidence that this rested on', async () => {
    const { old, copy, input, options, proven, verification } = await migrated();
    const removing = await drive(removeTree, { ...input, ...proven }, options);
    expect(await removing.probe()).toBe('not-started');
    expect(await removing.act()).toMatchObject({
      path: old,
      entries: 15,
      evidence: {
        manifest: verification.manifest,
        missing: 0,
        sound: 6,
        files: 6,
        verifiedMsAgo: expect.any(Number),
      },
    });
    expect(beside(old)).toEqual([]);
    expect(readFileSync(join(copy, 'var/db'), 'utf8')).toBe('database');
    expect(existsSync('/etc/passwd')).toBe(true);
    expect(await removing.probe()).toMatchObject({ done: { path: old } });
  });

  test('goes but for what boot needs, the folders above that, and what it holds', async () => {
    const { old, input, options, proven } = await migrated();
    const keep = [join(old, 'store/boot'), join(old, 'var/profiles/system')];
    const removing = await drive(removeTree, { ...input, ...proven, keep }, options);
    await removing.act();
    expect(
      execFileSync('find', ['.', '-mindepth', '1', '-printf', String.raw`%P\n`], { cwd: old })
        .toString()
        .trim()
        .split('\n')
        .toSorted(),
    ).toEqual(['store', 'store/boot', 'store/boot/init', 'var', 'var/profiles', 'var/profiles/system']);
    expect(beside(old)).toEqual(['old']);
    expect(await removing.probe()).toMatchObject({ done: { path: old } });
  });

  test('leaves its empty folder where a mount needs it', async () => {
    const { old, input, options, proven } = await migrated();
    const inode = lstatSync(old).ino;
    await (await drive(removeTree, { ...input, ...proven, leaveFolder: true }, options)).act();
    expect(readdirSync(old)).toEqual([]);
    expect(lstatSync(old).ino).toBe(inode);
  });

  test('goes without a verification only after all of the copy was read again', async () => {
    const { old, input, options } = await migrated();
    const removing = await drive(removeTree, input, options);
    expect(await removing.act()).toMatchObject({ evidence: { files: 6, sound: 6, verifiedMsAgo: null } });
    expect(existsSync(old)).toBe(false);
  });
});

describe('after a crash', () => {
  /** A machine on which a program is never run, as if the power had gone right before. */
  const cutAt = (program: string): Host => {
    const host = thisMachine();
    return new Proxy(host, {
      get: (target, key, receiver) =>
        key === 'exec'
          ? (command: Parameters<Host['exec']>[0], options?: Parameters<Host['exec']>[1]) =>
              command.argv[0] === program
                ? Promise.reject(new Error('power cut'))
                : host.exec(command, options)
          : (Reflect.get(target, key, receiver) as unknown),
    });
  };

  test.each(['sync', 'rm'])(
    'before %s the removal is partial, and is completed by the next attempt',
    async (program) => {
      for (const keep of [[], ['store/boot']]) {
        const { old, input, options, proven } = await migrated();
        const given = { ...input, ...proven, keep: keep.map((path) => join(old, path)) };
        const cut = await drive(removeTree, given, { ...options, host: cutAt(program) });
        await expect(cut.act()).rejects.toThrow('power cut');
        const again = await drive(removeTree, given, { ...options, host: reachable(old, input) });
        expect(await again.probe()).toBe('partial');
        await again.act();
        expect(beside(old)).toEqual(keep.length === 0 ? [] : ['old']);
        expect(await again.probe()).toMatchObject({ done: {} });
      }
    },
  );

  /** The first capture wins, so a later process does not look at the path again. */
  function reachable(old: string, input: { identity: { device: string; inode: string } }): Host {
    const host = thisMachine();
    let first = true;
    const files = new Proxy(host.files, {
      get: (target, key, receiver) =>
        key === 'stat'
          ? async (path: string) => {
              const found = await host.files.stat(path);
              if (path !== old || !first) return found;
              first = false;
              return {
                ...(found ?? (await host.files.stat(dirname(old)))),
                ...input.identity,
                kind: 'folder',
              };
            }
          : (Reflect.get(target, key, receiver) as unknown),
    });
    return new Proxy(host, {
      get: (target, key, receiver) =>
        key === 'files' ? files : (Reflect.get(target, key, receiver) as unknown),
    });
  }

  test('what somebody put there in the meantime stays', async () => {
    const { old, input, options, proven } = await migrated();
    const given = { ...input, ...proven, keep: [join(old, 'store/boot')] };
    const cut = await drive(removeTree, given, { ...options, host: cutAt('rm') });
    await expect(cut.act()).rejects.toThrow('power cut');
    mkdirSync(join(old, 'store/other'));
    writeFileSync(join(old, 'store/other/newer-system'), 'x');
    await (await drive(removeTree, given, options)).act();
    expect(readFileSync(join(old, 'store/other/newer-system'), 'utf8')).toBe('x');
  });

  test('a tree that is out of reach is not taken for one that is gone', async () => {
    const { old, input, options, proven } = await migrated();
    const removing = await drive(removeTree, { ...input, ...proven }, options);
    renameSync(dirname(old), `${dirname(old)}.away`);
    mkdirSync(dirname(old));
    expect(await removing.probe()).toEqual({ unknown: expect.any(String) });
  });
});

describe('a removal is refused, and nothing is touched,', () => {
  type World = Awaited<ReturnType<typeof migrated>>;
  const refusals: [string, string, (world: World) => object | Promise<object>][] = [
    [
      'when another tree stands there',
      'remove.other-tree',
      ({ old }) => {
        renameSync(old, `${old}.aside`);
        mkdirSync(old);
        return {};
      },
    ],
    [
      'when the inode is that of another file system',
      'remove.other-tree',
      ({ input }) => ({ identity: { ...input.identity, device: '254:77' } }),
    ],
    [
      'when a symlink stands there',
      'remove.other-tree',
      ({ old, copy }) => {
        renameSync(old, `${old}.aside`);
        symlinkSync(copy, old);
        return {};
      },
    ],
    [
      'when nothing is there',
      'remove.missing',
      ({ old }) => {
        renameSync(old, `${old}.aside`);
        return {};
      },
    ],
    ['when it is the new copy', 'remove.is-new-copy', ({ old }) => ({ newCopy: old })],
    ['when the new copy lies in it', 'remove.is-new-copy', ({ old }) => ({ newCopy: join(old, 'store') })],
    [
      'when it lies in the new copy',
      'remove.is-new-copy',
      ({ folder }) => ({ newCopy: join(folder, 'disk') }),
    ],
    ['when another tree is said to be the new copy', 'verify.other-tree', ({ run }) => ({ newCopy: run })],
    [
      'when what boot needs is not there',
      'remove.keep-missing',
      ({ old }) => ({ keep: [join(old, 'store/gone')] }),
    ],
    ['when what is to be kept lies elsewhere', 'remove.keep-outside', () => ({ keep: ['/nix/store/x'] })],
    ['when the manifest is gone', 'manifest.missing', ({ run }) => ({ manifest: join(run, 'none') })],
    [
      'when the manifest is not the one that the copy was verified against',
      'manifest.other',
      ({ verification }) => ({
        verification: { ...verification, manifest: '0'.repeat(64) },
      }),
    ],
    [
      'when the verification is too old',
      'remove.verification-too-old',
      ({ verification: { verifiedAt, ...rest } }) => ({
        verification: { ...rest, verifiedAt: { ...verifiedAt, boottime: verifiedAt.boottime - 3_700_000 } },
      }),
    ],
    [
      'when the verification is of another boot and too old',
      'remove.verification-too-old',
      ({ verification: { verifiedAt, ...rest } }) => ({
        verification: {
          ...rest,
          verifiedAt: { ...verifiedAt, bootId: 'earlier', wall: verifiedAt.wall - 3_700_000 },
        },
      }),
    ],
    [
      'when the verification lies in the future',
      'remove.verification-too-old',
      ({ verification: { verifiedAt, ...rest } }) => ({
        verification: {
          ...rest,
          verifiedAt: { ...verifiedAt, bootId: 'earlier', wall: verifiedAt.wall + 86_400_000 },
        },
      }),
    ],
    [
      'when a file of the new copy is damaged',
      'remove.copy-damaged',
      ({ copy }) => {
        writeFileSync(join(copy, 'store/boot/init'), 'tini');
        utimesSync(join(copy, 'store/boot/init'), 1, 1);
        return {};
      },
    ],
    [
      'when a file of the new copy is gone',
      'remove.copy-incomplete',
      ({ copy }) => {
        rmSync(join(copy, 'var/db'));
        return {};
      },
    ],
    [
      'when most of the new copy is gone, also where deleting is allowed',
      'remove.copy-incomplete',
      ({ copy }) => {
        for (const path of ['store/boot', 'store/.links', 'var'])
          rmSync(join(copy, path), { recursive: true });
        return { missing: 'accept' };
      },
    ],
    [
      'while a process has a file of it open',
      'remove.in-use',
      async ({ old }) => {
        const child = spawn('sh', ['-c', 'exec 3<store/other/file; cd /; echo ready; exec sleep 60'], {
          cwd: old,
          stdio: ['ignore', 'pipe', 'ignore'],
        });
        onTestFinished(() => void child.kill('SIGKILL'));
        await once(child.stdout, 'data');
        return {};
      },
    ],
    [
      'while a process stands in it',
      'remove.in-use',
      async ({ old }) => {
        const child = spawn('sh', ['-c', 'echo ready; exec sleep 60'], {
          cwd: join(old, 'var'),
          stdio: ['ignore', 'pipe', 'ignore'],
        });
        onTestFinished(() => void child.kill('SIGKILL'));
        await once(child.stdout, 'data');
        return {};
      },
    ],
  ];

  test.each(refusals)('%s (%s)', async (_, expected, fault) => {
    const world = await migrated();
    const given = { ...world.input, ...world.proven, ...(await fault(world)) };
    const before = beside(world.old);
    const attempt = drive(removeTree, given, world.options).then(async (removing) => removing.act());
    const error = await attempt.then(
      () => undefined,
      (thrown: unknown) => thrown as StepError,
    );
    expect(error).toEqual(code(expected));
    expect(beside(world.old)).toEqual(before);
    const there = existsSync(`${world.old}.aside`) ? `${world.old}.aside` : world.old;
    expect(readFileSync(join(there, 'store/other/file'), 'utf8')).toBe('other');
  });

  test('while a program runs from it, but not for one that runs from what is kept', async () => {
    const { old, copy, input, options, proven } = await migrated();
    // As a Nix store has them: the program's other name lies in what goes, and one name stays.
    rmSync(join(old, 'store/boot/init'));
    writeFileSync(join(old, 'store/boot/init'), readFileSync('/bin/sleep'), { mode: 0o755 });
    rmSync(join(old, 'store/.links/1'));
    linkSync(join(old, 'store/boot/init'), join(old, 'store/.links/1'));
    const child = spawn(join(old, 'store/boot/init'), ['60'], { stdio: 'ignore' });
    onTestFinished(() => void child.kill('SIGKILL'));
    await once(child, 'spawn');
    // The program came there after the copy.
    const given = { ...input, ...proven, oldWrites: 'accept' as const };
    await expect((await drive(removeTree, given, options)).act()).rejects.toThrow(code('remove.in-use'));
    await (await drive(removeTree, { ...given, keep: [join(old, 'store/boot')] }, options)).act();
    expect(existsSync(join(old, 'store/.links'))).toBe(false);
    expect(existsSync(copy)).toBe(true);
  });

  test('what use deleted from the copy is accepted where the runbook says so', async () => {
    const { old, copy, input, options, proven } = await migrated();
    rmSync(join(copy, 'var/db'));
    writeFileSync(join(copy, 'var/other'), 'new');
    const removing = await drive(removeTree, { ...input, ...proven, missing: 'accept' as const }, options);
    expect(await removing.act()).toMatchObject({ evidence: { missing: 1, sound: 5 } });
    expect(existsSync(old)).toBe(false);
  });

  test('a verification without a limit for its age is no input', async () => {
    const { input, options, verification } = await migrated();
    await expect(drive(removeTree, { ...input, verification }, options)).rejects.toThrow('belong together');
  });
});
