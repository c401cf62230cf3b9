import { StepError, z, type Finding, type Host } from 'migrate-runbook';
import { findDisk, partitionPath, readTable } from 'migrate-runbook/operations';

/** UUIDs of the file systems. */
export const found = z.object({ esp: z.string(), nix: z.string(), persist: z.string() });
export type Found = z.output<typeof found>;

/**
 * The file systems of a disk, by the names of its partitions.
 *
 * @throws StepError `recovery.no-partition`, and those of findDisk
 */
export async function fileSystemsOf(host: Host, serial: string): Promise<Found> {
  const disk = await findDisk(host, serial);
  const table = await readTable(host, disk.path);
  const uuidOf = async (name: string): Promise<string> => {
    const entry = table?.partitions.find((one) => one.name === name);
    const argv = [
      'blkid',
      '-p',
      '-s',
      'UUID',
      '-o',
      'value',
      partitionPath(disk.path, entry?.number ?? 0),
    ] as const;
    const uuid = entry && (await host.exec({ argv }, { anyExit: true })).stdout.trim();
    if (uuid !== undefined && uuid !== '') return uuid;
    throw new StepError(
      'recovery.no-partition',
      `the disk ${serial} has no partition ${name} with a file system`,
      `See what it has: sgdisk --print ${disk.path}; blkid`,
    );
  };
  return { esp: await uuidOf('esp'), nix: await uuidOf('nix'), persist: await uuidOf('persist') };
}

/** Only looks: a repair is a person's, once what they hold is backed up. */
export async function fileSystemsAreSound(host: Host, ids: Found): Promise<Finding> {
  const wrong: string[] = [];
  for (const [name, uuid] of Object.entries(ids)) {
    const node = `/dev/disk/by-uuid/${uuid}`;
    const argv = name === 'esp' ? (['fsck.vfat', '-n', node] as const) : (['e2fsck', '-n', node] as const);
    const { exitCode } = await host.exec({ argv }, { anyExit: true });
    if (exitCode !== 0) wrong.push(`${name}: ${argv.join(' ')} exits with ${exitCode}`);
  }
  return wrong.length === 0
    ? { verdict: 'PASS', observed: 'all three are' }
    : {
        verdict: 'FAIL',
        observed: `${wrong.join('; ')}. Repair them before they are mounted: without -n, once what they hold is backed up`,
      };
}

/** Whether the system that runs is the one on this disk. */
export async function runsFrom(host: Host, { nix, persist }: Found): Promise<Finding> {
  const mounts = await host.mounts();
  const at = (place: string) => mounts.findLast(({ point }) => point === place);
  const wrong: string[] = [];
  const root = at('/')?.type ?? 'unknown';
  if (root !== 'tmpfs') wrong.push(`the root is ${root}, and not in memory`);
  for (const [point, uuid] of [
    ['/nix', nix],
    ['/persist', persist],
  ] as const) {
    const node = (await host.files.realPath(`/dev/disk/by-uuid/${uuid}`)) ?? uuid;
    const source = at(point)?.source ?? 'nothing';
    if (source !== node) wrong.push(`${point} is ${source}, and not ${node}`);
  }
  return wrong.length === 0
    ? { verdict: 'PASS', observed: 'a root in memory, with /nix and /persist of this disk' }
    : { verdict: 'FAIL', observed: wrong.join('; ') };
}
