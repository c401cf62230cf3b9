import type { Host } from 'migrate-runbook';
import { mountHolders } from 'migrate-runbook/operations';
import { target, type Params } from './params.ts';
import { mountedOr } from './mounted.ts';
import { otherDistributions } from './windows.ts';

/**
 * Why the disk must not be unmounted now; undefined when nobody uses it. `/mnt/wsl` belongs to all distributions
 * at once, so what is unmounted here is gone for all of them.
 */
export async function whyNotUnmount(host: Host, p: Params): Promise<string | undefined> {
  const mounted = await mountedOr(host, p);
  if (mounted !== true) return `it is not there to begin with: ${mounted}`;
  const mounts = await host.mounts();
  const disk = mounts.findLast(({ point }) => point === p.storageMount);
  if (disk === undefined) return `${p.storageMount} leads elsewhere by a link`;
  const elsewhere = mounts
    .filter(({ device, point }) => device === disk.device && point !== p.storageMount)
    .map(({ point }) => point);
  if (elsewhere.includes(p.source)) {
    return `${p.source} is ${target(p)}: the system lives on the disk. Try this before the cut-over, or after going back`;
  }
  if (elsewhere.length > 0) return `it is mounted at ${elsewhere.join(', ')} as well; unmount that first`;
  const holders = await mountHolders(host, disk);
  if (holders.length > 0) {
    const [first] = holders;
    return `${holders.length === 1 ? 'a process uses' : `${holders.length} processes use`} it: ${first?.name} (pid ${first?.pid}) ${first?.how}`;
  }
  const others = await otherDistributions(host, p.distribution);
  if (typeof others === 'string') return others;
  if (others.length > 0) {
    return `${others.join(', ')} may use it: end them from Windows, with wsl.exe --terminate`;
  }
  return undefined;
}
