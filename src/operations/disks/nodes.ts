import { MigrateError } from '../../errors.ts';
import { sh, type ActContext } from '../../runbook/index.ts';

/**
 * Has the kernel and udev take note of a new table, so that its partitions have nodes.
 * @param count how many partitions it has
 */
export async function nodesFor(
  { host, exec }: Pick<ActContext, 'host' | 'exec'>,
  disk: string,
  count: number,
): Promise<void> {
  await exec(sh`blockdev --rereadpt ${disk}`, { anyExit: true });
  // For a kernel that does not read a GPT by itself; one that does has nothing to change.
  if (count > 0) await exec(sh`partx --update ${disk}`, { anyExit: true });
  await settle(host);
}

async function settle(host: ActContext['host']): Promise<void> {
  try {
    await host.exec(sh`udevadm settle`, { anyExit: true });
  } catch (thrown) {
    // Without udev the kernel makes the nodes itself.
    if (!(thrown instanceof MigrateError && thrown.code === 'command.missing')) throw thrown;
  }
}
