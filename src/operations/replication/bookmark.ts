import { sh, type ActContext } from '../../runbook/index.ts';
import type { ReplicaStanding } from './replica-standing.ts';

/** One for each dataset, moved forward each time. */
const bookmark = 'migrate-replicated';

/**
 * Bookmarks the newest common snapshot at the source, so that it may be pruned there and the next
 * replication still starts from it. Does nothing where ZFS has no bookmarks (zfs-fuse).
 */
export async function bookmarkCommon<Input, Captured>(
  { exec, log }: Pick<ActContext<unknown, unknown, Input, Captured>, 'exec' | 'log'>,
  standings: readonly ReplicaStanding[],
): Promise<void> {
  for (const { dataset, common } of standings) {
    if (common === undefined) continue;
    const name = `${dataset}#${bookmark}`;
    await exec(sh`zfs destroy ${name}`, { anyExit: true });
    const made = await exec(sh`zfs bookmark ${`${dataset}@${common.name}`} ${name}`, { anyExit: true });
    if (made.exitCode !== 0) {
      log(`no bookmark: ${made.stderr.trim().split('\n')[0] ?? ''}`);
      return;
    }
  }
}
