import { z } from 'zod';
import { StepError } from '../../errors.ts';
import type { Host } from '../../runbook/index.ts';

/** What marks a device as holding something. */
export interface Signature {
  /** Such as `ext4`, `gpt`, `zfs_member`. */
  readonly type: string;
  readonly uuid: string | null;
}

const wipefs = z.object({
  signatures: z.array(z.object({ type: z.string(), uuid: z.string().nullish() })),
});

/**
 * Every signature on a device, read from it and never from a cache: a device may bear several.
 * @throws StepError `disk.unreadable`
 */
export async function signaturesOn(host: Host, path: string): Promise<readonly Signature[]> {
  const argv = ['wipefs', '--no-act', '--json', path] as const;
  const { stdout, stderr, exitCode } = await host.exec({ argv }, { anyExit: true });
  try {
    if (exitCode !== 0) throw new Error(stderr.trim());
    // It prints nothing at all for a device without any.
    if (stdout.trim() === '') return [];
    const { signatures } = wipefs.parse(JSON.parse(stdout));
    return signatures.map(({ type, uuid }) => ({ type, uuid: uuid ?? null }));
  } catch (thrown) {
    throw new StepError(
      'disk.unreadable',
      `what is on ${path} cannot be told: ${stderr.trim() || `wipefs exited with ${exitCode}`}`,
      'A disk about which nothing is known is never written. See: dmesg',
      thrown,
    );
  }
}

/** Part of something larger, which would be damaged although nothing of it is mounted here. */
const members: Readonly<Record<string, string>> = {
  zfs_member: 'a ZFS pool',
  LVM2_member: 'an LVM volume group',
  LVM1_member: 'an LVM volume group',
  btrfs: 'a btrfs file system, which may span several disks',
  crypto_LUKS: 'an encrypted volume (LUKS)',
  bcache: 'a bcache',
  drbd: 'a DRBD volume',
  ceph_bluestore: 'a Ceph store',
  bitlocker: 'an encrypted volume (BitLocker)',
};

/** What a device with that signature belongs to; undefined for what stands for itself. */
export function memberOf({ type }: Signature): string | undefined {
  return members[type] ?? (/raid_member$/i.test(type) ? 'a RAID' : undefined);
}

/** Tables of partitions, and the mark that protects one: what tells that a disk is divided, not what it holds. */
export function isTable({ type }: Signature): boolean {
  return ['gpt', 'PMBR', 'dos', 'atari', 'bsd', 'sun', 'mac'].includes(type);
}
