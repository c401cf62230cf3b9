import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { copyTree } from '../../../../src/operations/copy/copy-tree.ts';
import { temporaryFolder } from '../../../copy/folder.ts';
import { drive } from '../../../operations/drive.ts';
import { sshdPath } from '../../cli-processes/far-machine.ts';
import { needsRoot } from '../../copy/disk.ts';
import { startSshd } from '../../copy/far-sshd.ts';

function input(access: Awaited<ReturnType<typeof startSshd>>['access']) {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'from'));
  writeFileSync(join(folder, 'from', 'file'), 'content');
  return {
    from: { ...access, path: join(folder, 'from') },
    to: join(folder, 'to'),
    pass: 'final' as const,
    manifest: join(folder, 'manifest'),
  };
}

/** The programs of this machine without one of them. */
function programsWithout(missing: string): string {
  const folder = temporaryFolder();
  const programs =
    'sh bash head cat stat find id env realpath readlink cut date xargs sync getfattr rsync dd grep';
  for (const name of programs.split(' '))
    if (name !== missing) symlinkSync(`/usr/bin/${name}`, join(folder, name));
  return folder;
}

describe(
  'what stands between two machines is said clearly, before anything is written:',
  {
    skip: needsRoot || sshdPath === undefined,
  },
  () => {
    test('nobody listens', async () => {
      const sshd = await startSshd();
      const given = input(sshd.access);
      sshd.stop();
      await expect(drive(copyTree, given)).rejects.toMatchObject({
        code: 'far.unreachable',
        message: expect.stringContaining('Connection refused') as string,
      });
    });

    test('the key is refused', async () => {
      const [sshd, other] = [await startSshd(), await startSshd()];
      const { identityFile } = other.access;
      await expect(drive(copyTree, input({ ...sshd.access, identityFile }))).rejects.toMatchObject({
        code: 'far.key-refused',
      });
    });

    test('the host shows no known key, or another one', async () => {
      const sshd = await startSshd();
      const knownHostsFile = join(temporaryFolder(), 'known');
      writeFileSync(knownHostsFile, '');
      const given = input({ ...sshd.access, knownHostsFile });
      await expect(drive(copyTree, given)).rejects.toMatchObject({ code: 'far.host-key-unknown' });
      const { publicKey } = await startSshd();
      writeFileSync(knownHostsFile, `[127.0.0.1]:${sshd.access.port} ${publicKey}\n`);
      await expect(drive(copyTree, given)).rejects.toMatchObject({ code: 'far.host-key-changed' });
    });

    test.each([
      ['rsync', 'far.tool-missing'],
      ['getfattr', 'far.tool-missing'],
    ])('%s is missing there', async (program, code) => {
      const sshd = await startSshd({ path: programsWithout(program) });
      const attempt = drive(copyTree, input(sshd.access)).then((step) => step.act());
      await expect(attempt).rejects.toMatchObject({
        code,
        message: expect.stringContaining(program) as string,
      });
    });

    test('both ends are far', async () => {
      const sshd = await startSshd();
      const { from, ...rest } = input(sshd.access);
      expect(() => copyTree.input.parse({ ...rest, from, to: from })).toThrow(
        /expected a folder on this machine/,
      );
    });

    test('an option is no host', () => {
      const place = { host: '-oProxyCommand=true', path: '/' };
      const given = { from: place, to: '/to', pass: 'final', manifest: '/manifest' };
      expect(() => copyTree.input.parse(given)).toThrow(/expected a host for ssh/);
    });
  },
);
