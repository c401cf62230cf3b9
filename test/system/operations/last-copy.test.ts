import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { deviceNumber } from '../../../src/copy/entry.ts';
import type { StepError } from '../../../src/errors.ts';
import {
  copyTree,
  removeTree,
  resticBackup,
  resticProof,
  verifyTree,
} from '../../../src/operations/index.ts';
import { buildWorld } from '../../../src/rehearsal/world.ts';
import { temporaryFolder } from '../../copy/folder.ts';
import { drive, type DriveOptions } from '../../operations/drive.ts';
import { disk, needsRoot } from '../copy/disk.ts';

const skip = needsRoot;

/** A tree on an old disk, copied to a new one and verified; what is next is to delete the old one. */
async function world(exclude: readonly string[] = []) {
  const [oldDisk, newDisk] = [disk({ megabytes: 32 }), disk({ megabytes: 32 })];
  const [old, copy] = [join(oldDisk.point, 'data/old'), join(newDisk.point, 'new')];
  mkdirSync(join(old, 'sub/cache'), { recursive: true });
  for (const name of ['one', 'two', 'sub/three', 'sub/cache/four']) writeFileSync(join(old, name), name);
  symlinkSync('one', join(old, 'link'));
  copyFileSync('/bin/sleep', join(old, 'program'));
  const run = temporaryFolder();
  const options: DriveOptions = { run: { folder: run } };
  const manifest = join(run, 'manifest');
  const copying = await drive(copyTree, { from: old, to: copy, pass: 'final', manifest, exclude }, options);
  await copying.act();
  const verification = await (await drive(verifyTree, { target: copy, manifest }, options)).act();
  const { dev, ino } = lstatSync(old, { bigint: true });
  const input = {
    path: old,
    identity: { device: deviceNumber(dev), inode: String(ino) },
    newCopy: copy,
    manifest,
    verification,
    maxAge: '1h' as const,
    backup: 'none: this is a test',
  };
  const removing = (more: object = {}, how: DriveOptions = {}) =>
    drive(removeTree, { ...input, ...more }, { ...options, ...how });
  return { oldDisk, newDisk, old, copy, run, manifest, input, removing };
}
type World = Awaited<ReturnType<typeof world>>;

const mount = (...args: string[]) => void execFileSync('mount', args);

/** A process that uses the old copy, until the test ends. */
async function user(program: string, args: string[], cwd = '/'): Promise<void> {
  const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await once(child, 'close');
  });
  await (args.join(' ').includes('ready') ? once(child.stdout, 'data') : once(child, 'spawn'));
}

const mapping = `
import mmap, os, sys, time
file = open(sys.argv[1], 'rb')
held = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
file.close()
print('ready', flush=True)
time.sleep(60)`;

type Fault = (world: World) => object | void | Promise<object | void>;
const refusals: readonly [string, string, Fault][] = [
  [
    'the old path shows the new copy, by a bind mount',
    'remove.other-tree',
    ({ old, copy }) => mount('--bind', copy, old),
  ],
  [
    'the new copy is the old tree, shown elsewhere by a bind mount',
    'remove.is-new-copy',
    ({ old, copy }) => mount('--bind', old, copy),
  ],
  ['it became a mount point', 'remove.mount-point', ({ old }) => mount('--bind', old, old)],
  [
    'it was replaced by a symlink to the new copy',
    'remove.other-tree',
    ({ old, copy }) => {
      renameSync(old, `${old}.aside`);
      symlinkSync(copy, old);
    },
  ],
  [
    'it was replaced by a symlink to itself',
    'remove.other-tree',
    ({ old }) => {
      renameSync(old, `${old}.aside`);
      symlinkSync(`${old}.aside`, old);
    },
  ],
  [
    'a folder above it was replaced by a symlink, also one that leads to the very tree',
    'remove.other-path',
    ({ oldDisk: { point } }) => {
      renameSync(join(point, 'data'), join(point, 'elsewhere'));
      symlinkSync('elsewhere', join(point, 'data'));
    },
  ],
  [
    'another file system is mounted in it',
    'remove.mount-point',
    ({ old }) => mount('-t', 'tmpfs', 'tmpfs', join(old, 'sub')),
  ],
  [
    'a folder of its own disk is mounted in it, which no device number tells',
    'remove.mount-point',
    ({ old, oldDisk: { point } }) => {
      mkdirSync(join(point, 'precious'));
      mount('--bind', join(point, 'precious'), join(old, 'sub/cache'));
    },
  ],
  [
    'another disk came to stand in its place, whose tree has the same inode',
    'remove.other-tree',
    ({ oldDisk }) => {
      const other = disk({ megabytes: 16 });
      mkdirSync(join(other.point, 'data/old'), { recursive: true });
      mount('--bind', other.point, oldDisk.point);
    },
  ],
  ['a process stands in it', 'remove.in-use', ({ old }) => user('sleep', ['60'], join(old, 'sub'))],
  [
    'a process has a file of it open',
    'remove.in-use',
    ({ old }) => user('sh', ['-c', 'exec 3<"$1"; echo ready; exec sleep 60', 'sh', join(old, 'one')]),
  ],
  [
    'a process has mapped a file of it',
    'remove.in-use',
    ({ old }) => user('python3', ['-c', mapping, join(old, 'two')]),
  ],
  ['a program of it runs', 'remove.in-use', ({ old }) => user(join(old, 'program'), ['60'])],
  [
    'a file of it was changed since the copy',
    'remove.old-copy-written',
    ({ old }) => appendFileSync(join(old, 'sub/three'), ' and more'),
  ],
  [
    'a file of it was changed under its old size and time',
    'remove.old-copy-written',
    ({ old }) => {
      const file = join(old, 'sub/three');
      execFileSync('sh', [
        '-c',
        'touch -r "$1" "$2"; printf "SUB/three" >"$1"; touch -r "$2" "$1"',
        'sh',
        file,
        join(old, '../stamp'),
      ]);
    },
  ],
  [
    'a file was made in it since the copy',
    'remove.old-copy-written',
    ({ old }) => writeFileSync(join(old, 'sub/late'), 'precious'),
  ],
  ['a file of it was deleted since', 'remove.old-copy-written', ({ old }) => rmSync(join(old, 'two'))],
  [
    'a file of it has another owner since',
    'remove.old-copy-written',
    ({ old }) => void execFileSync('chown', ['7', join(old, 'two')]),
  ],
  [
    'the new copy lies on a disk that is not mounted',
    'remove.is-new-copy|verify.other-tree',
    ({ newDisk }) => newDisk.unmount(),
  ],
  [
    'the manifest is another than the one that the verification was made against',
    'manifest.other',
    ({ input }) => ({ verification: { ...input.verification, manifest: '0'.repeat(64) } }),
  ],
  [
    'the verification is older than the limit by a clock that does not jump',
    'remove.verification-too-old',
    ({ input: { verification } }) => {
      const { verifiedAt } = verification;
      // The wall clock was set back, and says that no time has passed.
      return {
        verification: {
          ...verification,
          verifiedAt: { ...verifiedAt, boottime: verifiedAt.boottime - 3_700_000 },
        },
      };
    },
  ],
  [
    'a fresh sample of the new copy is not as the manifest says',
    'remove.copy-damaged',
    ({ copy }) => {
      const file = join(copy, 'two');
      execFileSync('sh', [
        '-c',
        'touch -r "$1" "$2"; printf TWO >"$1"; touch -r "$2" "$1"',
        'sh',
        file,
        `${copy}.stamp`,
      ]);
    },
  ],
  [
    'the new copy lacks what the manifest names',
    'remove.copy-incomplete',
    ({ copy }) => rmSync(join(copy, 'one')),
  ],
];

describe('the last copy stays, and nothing of it is touched,', { skip }, () => {
  test.each(refusals)('when, after the capture, %s (%s)', async (_, expected, fault) => {
    const all = await world();
    // Captured as it was; then the world changes.
    const captured = await all.removing();
    const more = await fault(all);
    // What the fault added or took away is not the removal's doing.
    const faulty = listing(all);
    const act = more === undefined ? captured.act() : all.removing(more).then((removing) => removing.act());
    await expect(act.catch((error: StepError) => error.code)).resolves.toMatch(new RegExp(`^(${expected})$`));
    expect(listing(all)).toEqual(faulty);
  });

  function listing({ oldDisk, newDisk }: World): readonly string[] {
    const script = 'find "$@" -printf "%p %i %s\n" 2>/dev/null | sort';
    return execFileSync('sh', ['-c', script, 'sh', oldDisk.point, newDisk.point]).toString().split('\n');
  }

  test('when it holds what the copy left out, unless that is kept or nobody will miss it', async () => {
    const all = await world(['sub/cache']);
    const cache = join(all.old, 'sub/cache');
    await expect((await all.removing()).act()).rejects.toMatchObject({
      code: 'remove.never-copied',
      message: expect.stringContaining('sub/cache') as string,
    });
    await (await all.removing({ expendable: [cache] })).act();
    expect(existsSync(all.old)).toBe(false);
  });

  test('when somebody mounts, opens or writes between the look and the rename: it goes back to its place', async () => {
    const interferences: readonly [string, (all: World) => void | Promise<void>][] = [
      ['remove.in-use', ({ old }) => user('sleep', ['60'], join(old, 'sub'))],
      ['remove.mount-point', ({ old }) => mount('-t', 'tmpfs', 'tmpfs', join(old, 'sub/cache'))],
      ['remove.old-copy-written', ({ old }) => appendFileSync(join(old, 'one'), 'late')],
    ];
    for (const keep of [[], ['link']]) {
      for (const [expected, interfere] of interferences) {
        const all = await world();
        let pending = Promise.resolve();
        const onNote = (note: string) => {
          if (note === 'moves the old copy aside') pending = Promise.resolve(interfere(all));
        };
        const given = { keep: keep.map((name) => join(all.old, name)) };
        const removing = await all.removing(given, { onNote });
        const attempt = removing.act();
        await expect(attempt).rejects.toMatchObject({ code: expected });
        await pending;
        expect(removing.log).toContain('moved the old copy back');
        expect(readdirSync(join(all.old, '..')).filter((name) => name.startsWith('.'))).toEqual([]);
        expect(readFileSync(join(all.old, 'two'), 'utf8')).toBe('two');
        expect(await removing.probe()).toBe('not-started');
      }
    }
  });
});

describe('the last copy goes', { skip }, () => {
  test('once what was written to it late was carried over to the new copy', async () => {
    const all = await world();
    writeFileSync(join(all.old, 'sub/late'), 'precious');
    rmSync(join(all.old, 'two'));
    await expect((await all.removing()).act()).rejects.toMatchObject({
      message: expect.stringMatching(/written: sub\/late; deleted: two/) as string,
    });
    cpSync(join(all.old, 'sub/late'), join(all.copy, 'sub/late'));
    rmSync(join(all.copy, 'two'));
    const output = await (await all.removing({ missing: 'accept' })).act();
    expect(output).toMatchObject({ evidence: { oldWrites: { written: 0, deleted: 0 } } });
    expect(readFileSync(join(all.copy, 'sub/late'), 'utf8')).toBe('precious');
  });

  test('with late writes that its author gives up, which are counted', async () => {
    const all = await world();
    writeFileSync(join(all.old, 'sub/late'), 'x');
    const output = await (await all.removing({ oldWrites: 'accept' })).act();
    expect(output).toMatchObject({ evidence: { oldWrites: { written: 1, deleted: 0 } } });
  });

  test('when a file was only touched, or linked, and holds what was copied', async () => {
    const all = await world();
    execFileSync('touch', [join(all.old, 'one')]);
    execFileSync('ln', [join(all.old, 'two'), join(all.oldDisk.point, 'other-name')]);
    await (await all.removing()).act();
    expect(existsSync(all.old)).toBe(false);
  });
});

describe('with a backup', { skip }, () => {
  async function backedUp() {
    const all = await world();
    process.env['LAST_COPY_PASSWORD'] = 'only a test';
    const repository = join(temporaryFolder(), 'restic');
    const access = { repository, password: { secret: 'env' as const, name: 'LAST_COPY_PASSWORD' } };
    const options = { run: { folder: all.run } };
    const backup = (path: string) =>
      drive(resticBackup, { ...access, paths: [path], host: 'test', initialise: true }, options).then((one) =>
        one.act(),
      );
    const prove = (snapshot: string) =>
      drive(resticProof, { ...access, snapshot, seed: 'x', readDataSubset: '100%' }, options).then((one) =>
        one.act(),
      );
    const { snapshot } = await backup(all.old);
    const proof = await prove(snapshot);
    return {
      ...all,
      repository,
      access,
      snapshot,
      proof,
      backup,
      prove,
      given: { ...access, proof, maxAge: '1h' as const },
    };
  }

  test('the last copy stays when that cannot be restored any more, is another’s, is gone, or its proof is old, and else goes', async () => {
    const all = await backedUp();
    const refused = async (backup: object) => {
      const error = await (await all.removing({ backup })).act().then(
        () => undefined,
        (thrown: StepError) => thrown.code,
      );
      expect(existsSync(join(all.old, 'one'))).toBe(true);
      return error;
    };
    const { provenAt } = all.proof;
    const old = { ...all.proof, provenAt: { ...provenAt, boottime: provenAt.boottime - 3_700_000 } };
    expect(await refused({ ...all.given, proof: old })).toBe('remove.backup-too-old');
    const { snapshot } = await all.backup(all.run);
    expect(await refused({ ...all.given, proof: await all.prove(snapshot) })).toBe(
      'remove.backup-other-tree',
    );
    const packs = execFileSync('find', [join(all.repository, 'data'), '-type', 'f'])
      .toString()
      .trim()
      .split('\n');
    const contents = packs.map((pack) => readFileSync(pack));
    for (const [index, pack] of packs.entries()) {
      chmodSync(pack, 0o600);
      writeFileSync(
        pack,
        contents[index]!.map((byte) => byte ^ 1),
      );
    }
    expect(await refused(all.given)).toMatch(/^restic\./);
    for (const [index, pack] of packs.entries()) writeFileSync(pack, contents[index]!);
    const env = { ...process.env, RESTIC_REPOSITORY: all.repository, RESTIC_PASSWORD: 'only a test' };
    const removed = await (await all.removing({ backup: all.given, keep: [join(all.old, 'one')] })).act();
    expect(removed).toMatchObject({ evidence: { backup: { snapshot: all.snapshot, files: 5 } } });
    execFileSync('restic', ['forget', '-q', all.snapshot], { env });
    expect(await refused(all.given)).toBe('remove.backup-gone');
  });
});

describe('what a boot needs stays', { skip }, () => {
  const asks = ['test/system/operations/refuse-boot-path.ts'];

  test('the folder of the boot loader, and what lies in it', async () => {
    const existed = existsSync('/boot');
    if (!existed) mkdirSync('/boot');
    const inside = mkdtempSync('/boot/migrate-test-');
    onTestFinished(() => {
      rmSync(inside, { recursive: true });
      if (!existed) rmSync('/boot', { recursive: true });
    });
    writeFileSync(join(inside, 'kernel'), '');
    const said = execFileSync(process.execPath, [...asks, inside]).toString();
    expect(said).toMatch(/^remove\.boot-path the next boot needs .*\/boot/);
    const elsewhere = mkdtempSync(join(tmpdir(), 'migrate-test-'));
    onTestFinished(() => rmSync(elsewhere, { recursive: true }));
    writeFileSync(join(elsewhere, 'file'), '');
    expect(execFileSync(process.execPath, [...asks, elsewhere]).toString()).toBe('allowed\n');
  });

  test('of a Nix store beneath a mount: what init and the profile, as seen before the mounts, and their closure are', async () => {
    const parent = mkdtempSync(join(tmpdir(), 'last-copy-'));
    onTestFinished(() => rmSync(parent, { recursive: true, force: true }));
    const uuid = '5a1d7c3e-0f62-4b8e-9c47-2d6e8f10a3b5';
    await using miniature = await buildWorld(
      {
        disks: [{ name: 'ssd', mountPoint: '/mnt/wsl/storage', uuid, megabytes: 128 }],
        nixosWsl: {
          flake: '/home/admin/nixcfg',
          host: 'thinky-nixos',
          hostFile: 'hosts/thinky-nixos/default.nix',
          option: 'bindMountNixStore',
          mountUnit: 'wsl-storage-mount.service',
          seed: 1,
          storePaths: 4,
        },
      },
      { parent },
    );
    const sh = async (script: string) => (await miniature.run(['sh', '-c', script])).stdout.trim();
    await sh(
      'mkdir /mnt/wsl/storage/nix && cp -a /nix/. /mnt/wsl/storage/nix/ && mkdir /run/beneath && ' +
        'mount --bind / /run/beneath && mount --make-private /run/beneath && mount --bind /mnt/wsl/storage/nix /nix',
    );
    const node = realpathSync(process.execPath);
    const script = realpathSync(asks[0]!);
    const ask = async (...args: string[]) => {
      const { stdout, stderr } = await miniature.run([node, script, ...args]);
      return stdout + stderr;
    };
    expect(await ask('/run/beneath/nix')).toMatch(/^remove\.boot-path .*\/nix/);
    const init = await sh('readlink /sbin/init');
    const system = /^\/nix\/(store\/[^/]+)/.exec(init)?.[1] ?? '';
    // Its closure alone is missing from what is kept.
    expect(await ask('/run/beneath/nix', system, 'var/nix/profiles')).toMatch(
      /the closure of the system that boots/,
    );
    const closure = (
      await sh(`nix-store --query --requisites $(readlink -f /nix/var/nix/profiles/system) /nix/${system}`)
    )
      .split('\n')
      .map((path) => path.slice('/nix/'.length));
    expect(await ask('/run/beneath/nix', ...closure, 'var/nix/profiles')).toBe('allowed\n');
  });
});
