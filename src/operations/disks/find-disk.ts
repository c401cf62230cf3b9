import { StepError } from '../../errors.ts';
import type { Host } from '../../runbook/index.ts';
import { blockDevices, type BlockDevice } from './lsblk.ts';
import { showBytes } from './size.ts';

/**
 * The one disk with that serial number. A node such as /dev/nvme0n1 may be another disk after each boot; the serial is
 * what is printed on it.
 *
 * @throws StepError `disk.not-found` with the disks that are there, `disk.ambiguous` when several have the serial,
 *   `disk.serial-disputed` when the kernel names another serial than lsblk
 */
export async function findDisk(host: Host, serial: string): Promise<BlockDevice> {
  const disks = (await blockDevices(host)).filter((device) => device.serial !== undefined);
  const [found, ...more] = disks.filter((disk) => disk.serial === serial);
  if (found === undefined) {
    throw new StepError(
      'disk.not-found',
      `there is no disk with the serial number ${serial}`,
      disks.length === 0
        ? 'No disk here says what its serial number is; run this as root, and see: lsblk --output NAME,SERIAL,SIZE'
        : `Those that are there: ${disks.map(describeDisk).join('; ')}`,
    );
  }
  if (more.length > 0) {
    throw new StepError(
      'disk.ambiguous',
      `${more.length + 1} disks have the serial number ${serial}: ${[found, ...more].map(({ path }) => path).join(', ')}`,
      'Adapters give every disk in them one number: detach all but the one that is meant, or attach it without the adapter.',
    );
  }
  await mustAgree(host, found, serial);
  return found;
}

/** A disk in a few words: node, size, model, serial. */
export function describeDisk({ path, bytes, model, serial }: BlockDevice): string {
  return [
    path,
    showBytes(bytes),
    model,
    serial === undefined ? 'without a serial number' : `serial ${serial}`,
  ]
    .filter((part) => part !== undefined)
    .join(' ');
}

/**
 * The name by which udev knows the disk by its serial number, which no other disk can get; else its node.
 */
export async function stablePath(host: Host, disk: BlockDevice): Promise<string> {
  const folder = '/dev/disk/by-id';
  const { serial } = disk;
  if (serial === undefined) return disk.path;
  const names = ((await host.files.list(folder)) ?? []).filter((name) => name.endsWith(`_${serial}`));
  for (const name of names) {
    if ((await host.files.realPath(`${folder}/${name}`)) === disk.path) return `${folder}/${name}`;
  }
  return disk.path;
}

/** udev's answer, which lsblk gives, may be older than the disk in the slot. */
async function mustAgree(host: Host, disk: BlockDevice, serial: string): Promise<void> {
  const kernel = (await host.files.read(`/sys/class/block/${disk.name}/device/serial`))?.trim();
  if (kernel === undefined || kernel === '' || kernel === serial) return;
  throw new StepError(
    'disk.serial-disputed',
    `lsblk says that ${disk.path} is the disk ${serial}, and the kernel says ${kernel}`,
    'A disk was exchanged while the machine ran: reboot it, and look again.',
  );
}
