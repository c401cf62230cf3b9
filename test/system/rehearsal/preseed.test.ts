import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';

const obstacle =
  process.getuid?.() !== 0
    ? 'it needs root'
    : ['/dev/fuse', '/usr/sbin/zfs-fuse', '/usr/bin/restic'].find((path) => !existsSync(path));
if (obstacle !== undefined) console.log(`the rehearsal of preseed is skipped: ${obstacle}`);

const migrate = resolve(import.meta.dirname, '../../../src/cli/migrate.ts');

it.skipIf(obstacle !== undefined)(
  'what preseed installs brings a lost folder back when its service is started',
  () => {
    const args = [migrate, 'rehearse', 'preseed', '--no-color'];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    expect({ status, stderr }, stdout).toEqual({ status: 0, stderr: '' });
    // Of the unit's first start, and of the one after the loss.
    expect(stdout).toMatch(/nothing to do: the data of sonarr is there.*run restore-missing-.*started/s);
    expect(stdout).toMatch(/restic restore.*swap: done.*rehearsed: preseed/s);
  },
);
