import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadRunbook } from '../../../src/host/runbook-file.ts';
import { returnableOf } from '../../../src/cli/options/crash-choice.ts';
import { sweep } from './sweep.ts';

interface Swept {
  readonly runbook: string;
  /** Files of this machine without which its world cannot be built. */
  readonly needs?: readonly string[];
  /** `KEY=VALUE`, beside the rehearsal's own parameters. */
  readonly set?: readonly string[];
  /** The last step after which it is taken back, where a person then does what no rollback takes back by itself. */
  readonly until?: string;
}

const disks = ['/usr/sbin/sgdisk', '/usr/sbin/mkfs.vfat', '/usr/bin/restic'];
const zfs = ['/dev/fuse', '/usr/sbin/zfs-fuse'];

const swept: readonly Swept[] = [
  { runbook: 'tmpfs-impermanence' },
  { runbook: 'tmpfs-impermanence-recovery' },
  // From its first boot on, its own test has a person boot the installer.
  { runbook: 'system-disk-impermanence', needs: disks, until: 'adopt' },
  { runbook: 'boot-recovery', needs: disks },
  { runbook: 'wsl-multi-instance' },
  { runbook: 'wsl-performance', until: 'both-before' },
  { runbook: 'wsl-mount-validation' },
  { runbook: 'podman-restart-validation' },
  { runbook: 'sonarr', needs: zfs },
  { runbook: 'sonarr', set: ['point=bind-mount'], needs: zfs },
  { runbook: 'sonarr-back', needs: zfs },
  { runbook: 'storage-datasets', needs: zfs },
  { runbook: 'preseed', needs: zfs },
  { runbook: 'zfs-replication', needs: [...zfs, '/usr/sbin/sanoid'] },
  { runbook: 'postgres-pitr', needs: [...zfs, '/usr/lib/postgresql', '/usr/bin/barman-cloud-backup'] },
  { runbook: 'postgres', needs: [...zfs, '/usr/lib/postgresql'] },
];

const isRoot = process.getuid?.() === 0;
if (!isRoot) console.log('sweeps of rollbacks are skipped: loop devices need root');

describe.skipIf(!isRoot)('a run that is rolled back after any of its steps', () => {
  for (const { runbook, needs = [], set = [], until } of swept) {
    const missing = needs.find((path) => !existsSync(path));
    if (missing !== undefined) console.log(`${runbook} is skipped: there is no ${missing}`);
    it.skipIf(missing !== undefined)(
      `leaves the very world of the start: ${[runbook, ...set].join(' ')}`,
      async () => {
        const all = returnableOf((await loadRunbook(runbook)).runbook);
        const steps = until === undefined ? all : all.slice(0, all.indexOf(until) + 1);
        const cases = steps.flatMap((step) => ['--case', `rollback/${step}`]);
        const flags = [...cases, '--seed', '1', ...set.flatMap((text) => ['--set', text])];
        const { failures, survived } = await sweep(runbook, flags);
        expect(failures).toEqual([]);
        expect(survived).toBe(steps.length);
      },
      7_200_000,
    );
  }
});
