import type { Finding, Host } from 'migrate-runbook';

/**
 * The disks that hold a path, as their folders in sysfs: of a partition its disk, of a mapped device all beneath it.
 * `undefined` where no disk is known, as on a network share.
 */
export async function disksOf(host: Host, path: string): Promise<readonly string[] | undefined> {
  const argv = [
    ...['findmnt', '--noheadings', '--output', 'MAJ:MIN'],
    ...['--target', await existing(host, path)],
  ] as unknown as readonly [string, ...string[]];
  const device = (await host.exec({ argv }, { anyExit: true })).stdout.trim();
  const real = device === '' ? undefined : await host.files.realPath(`/sys/dev/block/${device}`);
  return real === undefined ? undefined : beneath(host, real);
}

async function existing(host: Host, path: string): Promise<string> {
  return path === '' || (await host.files.stat(path)) !== undefined
    ? path || '/'
    : existing(host, path.slice(0, path.lastIndexOf('/')));
}

async function beneath(host: Host, device: string): Promise<readonly string[]> {
  const slaves = (await host.files.list(`${device}/slaves`)) ?? [];
  if (slaves.length > 0) {
    const all: string[] = [];
    for (const slave of slaves) {
      const real = await host.files.realPath(`${device}/slaves/${slave}`);
      if (real !== undefined) all.push(...(await beneath(host, real)));
    }
    return all;
  }
  const isPartition = (await host.files.stat(`${device}/partition`)) !== undefined;
  return [isPartition ? device.slice(0, device.lastIndexOf('/')) : device];
}

/** That a folder lies on no disk that holds the root file system. */
export async function onAnotherDisk(host: Host, folder: string): Promise<Finding> {
  const [root, own] = [await disksOf(host, '/'), await disksOf(host, folder)];
  const name = (disk: string) => disk.slice(disk.lastIndexOf('/') + 1);
  if (root === undefined)
    return { verdict: 'BLOCKED', observed: 'the disk of the root file system cannot be told' };
  if (own === undefined) return { verdict: 'PASS', observed: `${folder} is on no disk of this machine` };
  const shared = own.filter((disk) => root.includes(disk));
  return shared.length > 0
    ? {
        verdict: 'FAIL',
        observed: `${folder} is on ${shared.map(name).join(', ')}, as the root file system is: it would be erased with it`,
      }
    : {
        verdict: 'PASS',
        observed: `${folder} is on ${own.map(name).join(', ')}, the root on ${root.map(name).join(', ')}`,
      };
}
