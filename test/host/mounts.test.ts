import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readMounts } from '../../src/host/mounts.ts';
import { parseMountInfo } from '../../src/runbook/index.ts';
import { systemFiles } from '../../src/host/files.ts';
import { mountAt } from '../../src/runbook/mount-table.ts';

const escape = (text: string) =>
  text.replace(/[ \t\n\\#]/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`);

test('every path comes back from the mount table as it was mounted', () => {
  const name = fc.string({ unit: fc.constantFrom('a', 'é', ' ', '\t', '\n', '\\', '#', '0', '1', '4', '-') });
  fc.assert(
    fc.property(
      name,
      name,
      fc.array(fc.constantFrom('shared:1', 'master:2', 'propagate_from:3')),
      (one, two, optional) => {
        const line = ['36', '35', '98:0', escape(`/${one}`), escape(`/${two}`), 'rw,noatime', ...optional];
        const text = `${[...line, '-', 'ext3', escape(`/dev/${one}`), 'rw,errors=continue'].join(' ')}\n`;
        expect(parseMountInfo(text)).toEqual([
          {
            id: 36,
            parent: 35,
            device: '98:0',
            root: `/${one}`,
            point: `/${two}`,
            options: ['rw', 'noatime', 'errors=continue'],
            type: 'ext3',
            source: `/dev/${one}`,
          },
        ]);
      },
    ),
  );
});

test('a writable mount of a read-only file system is read-only', () => {
  const [mount] = parseMountInfo('1 0 8:1 / / rw,relatime - ext4 /dev/sda1 ro\n');
  expect(mount?.options).toEqual(['ro', 'relatime']);
});

test('the mount table of this machine has a root whose device equals that of the root folder', async () => {
  const root = mountAt(await readMounts(), '/');
  const stat = await systemFiles.stat('/');
  // btrfs shows another device in stat than in the mount table.
  if (root?.type !== 'btrfs') expect(root?.device).toBe(stat?.device);
});

test.skipIf(process.getuid?.() !== 0)(
  'a path with spaces is found under its name, in a namespace of its own',
  () => {
    const script = `
    mkdir -p "$1/a b" && mount -t tmpfs none "$1/a b" &&
    exec "$2" -e "
      const { readMounts } = await import('$3/src/host/mounts.ts');
      console.log(JSON.stringify((await readMounts()).at(-1).point))"`;
    const folder = execFileSync('mktemp', ['-d'], { encoding: 'utf8' }).trim();
    try {
      const out = execFileSync(
        'unshare',
        ['-m', 'sh', '-c', script, 'sh', folder, process.execPath, process.cwd()],
        {
          encoding: 'utf8',
        },
      );
      expect(JSON.parse(out)).toBe(`${folder}/a b`);
    } finally {
      execFileSync('rm', ['-r', folder]);
    }
  },
);
