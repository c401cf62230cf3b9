import { posix } from 'node:path';
import { StepError } from '../../errors.ts';
import { mountAt, type Host, type Mount } from '../../runbook/index.ts';

/**
 * Refuses a source that other file systems are mounted in: a copy would leave out what lies beneath
 * them, or take along what is not its own. A bind mount of the tree's own folder over itself, such as
 * the read-only `/nix/store` of NixOS, shows the same files and is no hindrance.
 *
 * @param exclude paths within the source that the copy leaves out
 * @throws StepError `copy.mount-inside`
 */
export async function refuseForeignMounts(
  host: Host,
  from: string,
  exclude: readonly string[] = [],
): Promise<void> {
  const real = (await host.files.realPath(from)) ?? from;
  const excluded = exclude.map((path) => posix.join(real, path));
  const foreign = foreignMounts(await host.mounts(), real).filter(
    ({ point }) => !excluded.some((path) => point === path || point.startsWith(`${path}/`)),
  );
  if (foreign.length === 0) return;
  const paths = foreign.map(({ point }) => posix.relative(real, point));
  throw new StepError(
    'copy.mount-inside',
    `other file systems are mounted in ${from}: ${foreign.map(({ point, type }) => `${point} (${type})`).join(', ')}`,
    `Copy them by steps of their own and exclude them here (${paths.map((path) => `'${path}'`).join(', ')}), or unmount them.`,
  );
}

/** Mounts that one sees within a folder, but for those that show the same files as if they were not there. */
export function foreignMounts(mounts: readonly Mount[], folder: string): readonly Mount[] {
  const within = folder === '/' ? '/' : `${folder}/`;
  return mounts.filter((mount) => {
    if (mount.point === folder || !mount.point.startsWith(within)) return false;
    if (mountAt(mounts, mount.point) !== mount) return false;
    const parent = mounts.find(({ id }) => id === mount.parent);
    if (parent === undefined || parent.device !== mount.device) return true;
    return mount.root !== posix.join(parent.root, posix.relative(parent.point, mount.point));
  });
}
