import { posix } from 'node:path';
import { StepError } from '../../errors.ts';
import { mountOf, type Host, type Mount } from '../../runbook/index.ts';
import { fileSystemUuid, sameUuid } from './file-system-uuid.ts';

/** What a bind mount of a folder shows: the file system, and the folder within it. */
export interface BindSource {
  /** `major:minor` */
  readonly device: string;
  readonly root: string;
}

const volatile = ['tmpfs', 'ramfs', 'devtmpfs'];

/** Where a folder lies; `undefined` when it does not exist. */
export async function bindSource(
  host: Host,
  from: string,
): Promise<(BindSource & { mount: Mount }) | undefined> {
  const real = await host.files.realPath(from);
  const mount = real === undefined ? undefined : mountOf(await host.mounts(), real);
  if (real === undefined || mount === undefined) return undefined;
  const root = posix.join(mount.root, posix.relative(mount.point, real));
  return {
    device: mount.device,
    root: root.length > 1 && root.endsWith('/') ? root.slice(0, -1) : root,
    mount,
  };
}

/** Whether a mount shows that folder of that file system. */
export function shows(mount: Mount, source: BindSource): boolean {
  return mount.device === source.device && mount.root === source.root;
}

/**
 * The source, proven to be a folder on the disk that is meant.
 *
 * @throws StepError `mount.no-folder`, `mount.volatile` for a folder in memory (most often what lies
 *   beneath a disk that is not mounted), `mount.wrong-disk`, `mount.no-uuid`.
 */
export async function provenSource(
  host: Host,
  from: string,
  uuid: string | undefined,
): Promise<BindSource & { mount: Mount }> {
  const real = await host.files.realPath(from);
  const source = await bindSource(host, from);
  if (real === undefined || source === undefined || (await host.files.stat(real))?.kind !== 'folder') {
    throw new StepError(
      'mount.no-folder',
      `there is no folder ${from} to mount`,
      'Mount its disk, or correct the path.',
    );
  }
  const { mount } = source;
  if (volatile.includes(mount.type)) {
    throw new StepError(
      'mount.volatile',
      `${from} lies in memory, on the ${mount.type} at ${mount.point}: its disk is not mounted`,
      `Attach the disk and mount it${uuid === undefined ? '' : ` (UUID ${uuid})`}, then go on.`,
    );
  }
  if (uuid === undefined) return source;
  const found = await fileSystemUuid(host, mount);
  if (found === undefined || !sameUuid(found, uuid)) {
    throw new StepError(
      found === undefined ? 'mount.no-uuid' : 'mount.wrong-disk',
      found === undefined
        ? `the UUID of the file system of ${from} cannot be read (${mount.type} from ${mount.source} at ${mount.point}), and ${uuid} is expected`
        : `${from} lies on the file system ${found} (${mount.source} at ${mount.point}), and ${uuid} is expected`,
      found === undefined
        ? 'Mount the right disk; and run this as root, so that it may read the disk.'
        : 'Mount the right disk, or correct the expected UUID.',
    );
  }
  return source;
}
