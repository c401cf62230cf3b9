import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseFstab } from '../../runbooks/persistence/fstab.ts';
import { customConfiguration } from '../../runbooks/tmpfs-impermanence/checklist.ts';
import { judgeRoot, missingBinds } from '../../runbooks/tmpfs-impermanence/complete.ts';
import { onAnotherDisk } from '../../runbooks/tmpfs-impermanence/disks.ts';
import { judgeMemory } from '../../runbooks/tmpfs-impermanence/memory.ts';
import { moduleText, rootEdit, hostEdit } from '../../runbooks/tmpfs-impermanence/module.ts';
import { params, type Params } from '../../runbooks/tmpfs-impermanence/params.ts';
import { judgeOldRoot, parseBlkid } from '../../runbooks/tmpfs-impermanence-recovery/old-root.ts';
import type { Host } from '../../src/runbook/index.ts';

const p: Params = params.parse({
  flake: '/home/admin/nix-config',
  services: [{ unit: 'plex.service', folder: '/var/lib/plex', user: 'plex', group: 'plex' }],
  backup: '/mnt/backup/cassie-box',
  vmTest: ['true'],
});

describe('the root in memory', () => {
  test('is 8 GiB unless said, from 8 to 16', () => {
    expect(p.rootGigabytes).toBe(8);
    for (const rootGigabytes of [7, 17, 8.5]) {
      expect(params.safeParse({ ...p, rootGigabytes }).success).toBe(false);
    }
  });

  test('fails when it is as large as the memory, and is told when it takes more than half', () => {
    const of = (gib: number) => judgeMemory(`MemTotal:       ${gib * 1024 * 1024} kB\n`, 8).verdict;
    expect([of(4), of(8), of(12), of(16), of(64)]).toEqual(['FAIL', 'FAIL', 'PARTIAL', 'PASS', 'PASS']);
    expect(judgeMemory('nothing', 8).verdict).toBe('BLOCKED');
  });

  test('never gets a better verdict with less memory', () => {
    const rank = { PASS: 0, PARTIAL: 1, BLOCKED: 2, FAIL: 3 };
    const size = fc.integer({ min: 1, max: 1 << 27 });
    fc.assert(
      fc.property(size, size, fc.integer({ min: 8, max: 16 }), (one, more, root) => {
        const of = (kib: number) => rank[judgeMemory(`MemTotal: ${kib} kB\n`, root).verdict];
        expect(of(one + more)).toBeLessThanOrEqual(of(one));
      }),
    );
  });

  const fstab = (size: string) => `none / tmpfs defaults,size=${size},mode=755,x-initrd.mount 0 0
/dev/disk/by-label/persist /persist ext4 noatime,x-initrd.mount 0 0
/persist/nix /nix none bind,x-initrd.mount 0 0
/persist/var/lib/plex /var/lib/plex none bind 0 0
`;

  test('is recognised in a system that was built, and so is what is not as declared', () => {
    expect(judgeRoot(parseFstab(fstab('8G')), p).verdict).toBe('PASS');
    expect(judgeRoot(parseFstab(fstab('4G')), p)).toMatchObject({
      verdict: 'FAIL',
      observed: 'the root lacks size=8G',
    });
    expect(judgeRoot(parseFstab('/dev/sda1 / ext4 defaults 0 1\n'), p).verdict).toBe('FAIL');
  });

  test('binds every declared folder, or it is named', () => {
    expect(missingBinds(parseFstab(fstab('8G')), p)).toContain('/home');
    expect(missingBinds(parseFstab(fstab('8G')), p)).not.toContain('/var/lib/plex');
  });
});

describe('the module', () => {
  test('imports at its top, where an import is evaluated, and gives each service its folder with 0750', () => {
    const text = moduleText(p);
    expect(text.indexOf('imports = [ inputs.impermanence')).toBeLessThan(text.indexOf('config = lib.mkIf'));
    expect(text.slice(text.indexOf('config = lib.mkIf'))).not.toContain('imports');
    expect(text).toContain('{ directory = "/var/lib/plex"; user = "plex"; group = "plex"; mode = "0750"; }');
    expect(text).toContain('options = [ "defaults" "size=8G" "mode=755" ]');
    expect(text).toContain('neededForBoot = true;');
  });

  test('declares on the old root only what was moved, since the rest would be shadowed', () => {
    const before = moduleText(p).split('lib.optionals isTmpfs')[0] ?? '';
    expect(before).toContain('/var/lib/plex');
    expect(before).not.toContain('"/home"');
    expect(hostEdit(p).to).toContain(rootEdit.from);
    expect(hostEdit(p).to).not.toContain(rootEdit.to);
  });
});

/** A machine whose paths lie on the given devices, each a partition of a disk. */
function machine(devices: Readonly<Record<string, string>>, disks: Readonly<Record<string, string>>): Host {
  const parts = {
    exec: async ({ argv }: { argv: readonly string[] }) => ({
      stdout: `${devices[argv.at(-1) ?? ''] ?? ''}\n`,
      stderr: '',
      exitCode: 0,
    }),
    files: {
      stat: async (path: string) =>
        path in devices || path.endsWith('/partition') ? { kind: 'file' } : undefined,
      realPath: async (path: string) => disks[path.replace('/sys/dev/block/', '')],
      list: async () => [],
    },
  };
  return parts as unknown as Host;
}

describe('the backup', () => {
  const disks = { '8:1': '/sys/d/sda/sda1', '8:2': '/sys/d/sda/sda2', '8:17': '/sys/d/sdb/sdb1' };

  test('on another partition of the same disk is refused', async () => {
    const host = machine({ '/': '8:1', '/mnt/backup': '8:2' }, disks);
    expect(await onAnotherDisk(host, '/mnt/backup')).toMatchObject({
      verdict: 'FAIL',
      observed: expect.stringContaining('/mnt/backup is on sda') as string,
    });
  });

  test('on another disk is right, also where its folder is not there yet, and on the network', async () => {
    const host = machine({ '/': '8:1', '/mnt/backup': '8:17', '/mnt/nas': '0:41' }, disks);
    expect(await onAnotherDisk(host, '/mnt/backup/cassie-box')).toMatchObject({ verdict: 'PASS' });
    expect(await onAnotherDisk(host, '/mnt/nas')).toMatchObject({ verdict: 'PASS' });
  });

  test('in a folder of the root file system itself is refused', async () => {
    const host = machine({ '/': '8:1' }, disks);
    expect(await onAnotherDisk(host, '/srv/backup')).toMatchObject({ verdict: 'FAIL' });
  });
});

test('files of /etc that nobody declares are told as not restored, with where they are', () => {
  const files = ['/etc/passwd', '/etc/machine-id', '/etc/app.conf'].map((path) => ({ path, how: 'added' }));
  expect(customConfiguration(files, p)).toMatchObject({
    verdict: 'PARTIAL',
    evidence: { files: ['/etc/app.conf'] },
  });
});

describe('“mount the original ext4”', () => {
  const originalUuid = '0c3b9a52-7d84-4e16-8f2a-6b5e4d3c2a19';
  const of = (text: string) => judgeOldRoot(parseBlkid(text), { source: '/dev/sda2', originalUuid });

  test('is done where it is the one that was the root', () => {
    expect(of(`DEVNAME=/dev/sda2\nUUID=${originalUuid}\nTYPE=ext4\n`)).toMatchObject({ verdict: 'PASS' });
  });

  test('is refused, with the reason, where the reinstall has formatted it', () => {
    const found = of('UUID=4a7d2c61-93be-4f0a-8d15-6c2e7b90f3a8\nLABEL=persist\nTYPE=ext4\n');
    expect(found).toMatchObject({ verdict: 'FAIL' });
    expect(found.observed).toContain('the reinstall has formatted it, and the original is gone');
    expect(of('').observed).toContain('holds no file system');
  });
});
