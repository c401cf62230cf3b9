import { StepError } from '../../errors.ts';
import { sh, type ActContext } from '../../runbook/index.ts';
import { guidOf, zfsFailed } from './zfs.ts';

/** Milliseconds after an unmount for which ZFS may still hold a dataset; zfs-fuse does. */
const lettingGoMs = [100, 200, 400, 800, 1_600];

/**
 * Destroys one dataset or snapshot, when it is the one with that GUID; nothing happens when it is gone.
 * Never with -r or -f: what has been made beneath it since, and whoever is at work in it, stops this.
 *
 * @throws StepError `zfs.other-dataset` for another one of that name, `zfs.busy`, `zfs.failed`
 */
export async function destroyOne(
  { host, exec, signal }: Pick<ActContext, 'host' | 'exec' | 'signal'>,
  name: string,
  guid: string,
): Promise<void> {
  const command = sh`zfs destroy ${name}`;
  for (const wait of [...lettingGoMs, undefined]) {
    const found = await guidOf(host, name);
    if (found === undefined) return;
    if (found !== guid) throw otherOne(name, found, guid);
    const result = await exec(command, { anyExit: true });
    if (result.exitCode === 0) return;
    if (!/busy/i.test(result.stderr)) throw zfsFailed(command, result);
    if (wait === undefined) {
      throw new StepError(
        'zfs.busy',
        `${name} is in use: ${result.stderr.trim()}`,
        name.includes('@')
          ? `See who holds it: zfs holds ${name}`
          : `See who works in it, and stop that: fuser -vm "$(zfs get -H -o value mountpoint '${name}')"`,
      );
    }
    await host.clock.sleep(wait, signal);
  }
}

export function otherOne(name: string, found: string, guid: string): StepError {
  return new StepError(
    'zfs.other-dataset',
    `${name} has the GUID ${found}, and ${guid} is meant: it is another one of that name`,
    'See who made it: zpool history',
  );
}
