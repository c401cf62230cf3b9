import { dirname } from 'node:path';
import { claimName, mountOf, type Claim, type Mount } from '../runbook/index.ts';

// Gone at the next boot.
const volatileTypes = ['tmpfs', 'ramfs', 'rootfs', 'devtmpfs', 'proc', 'sysfs'];
// Where many systems clean up, by time or at boot, without anybody's doing.
const cleanedFolders = ['/tmp', '/var/tmp'];

/**
 * Why state must not lie in a folder: it would not survive the next boot, or the migration itself.
 * `undefined` when it may.
 *
 * @param folder absolute, without symlinks
 */
export function whyUnsafe(
  folder: string,
  mounts: readonly Mount[],
  claims: readonly Claim[],
): string | undefined {
  const mount = mountOf(mounts, folder);
  if (mount !== undefined && isVolatile(mount, mounts)) {
    return `it lies on ${mount.point}, ${describeType(mount)} that is empty after the next boot`;
  }
  for (const claim of claims) {
    if (claim.kind !== 'path') continue;
    const why = whyClaimed(folder, mount, mounts, claim);
    if (why !== undefined) return why;
  }
  return undefined;
}

/** What a person should know of a folder that is accepted all the same. */
export function warningOf(folder: string): string | undefined {
  const cleaned = cleanedFolders.find((each) => isWithin(folder, each));
  return cleaned && `${folder} lies in ${cleaned}, which many systems empty at boot or after some days`;
}

/** The first of several places that is safe. */
export function findSafePlace(
  candidates: readonly string[],
  mounts: readonly Mount[],
  claims: readonly Claim[],
): string | undefined {
  return candidates.find((folder) => whyUnsafe(folder, mounts, claims) === undefined);
}

/** Folders on every lasting, writable disk that is mounted: the last candidates. */
export function placesOnDisks(mounts: readonly Mount[]): readonly string[] {
  return mounts
    .filter(
      (mount) =>
        (mount.source.startsWith('/dev/') || mount.type === 'zfs') &&
        mount.options.includes('rw') &&
        mount.root === '/' &&
        mount.point !== '/' &&
        !mount.point.startsWith('/boot') &&
        mountOf(mounts, mount.point) === mount,
    )
    .map((mount) => `${mount.point}/migrate`);
}

function whyClaimed(
  folder: string,
  mount: Mount | undefined,
  mounts: readonly Mount[],
  claim: Extract<Claim, { kind: 'path' }>,
): string | undefined {
  const path = claimName(claim);
  const claimed = mountOf(mounts, path);
  const sameFileSystem = mount !== undefined && mount.device === claimed?.device;
  if (claim.role === 'replaced' && sameFileSystem) {
    return `it lies on the file system of ${path}, which this run replaces`;
  }
  // Everything lies within a root that is copied; what counts then is what lies on it.
  if (!isWithin(folder, path) || (path === '/' && !sameFileSystem)) return undefined;
  switch (claim.role) {
    case 'source':
      return `it lies in ${path}, which this run copies`;
    case 'target':
      return `it lies in ${path}, which this run writes`;
    case 'shadowed':
      return `it lies in ${path}, which a mount of this run will cover`;
    case 'replaced':
      return `it lies in ${path}, which this run replaces`;
  }
}

function isVolatile(mount: Mount, mounts: readonly Mount[]): boolean {
  if (volatileTypes.includes(mount.type)) return true;
  if (mount.type !== 'overlay') return false;
  const upper = mount.options.find((option) => option.startsWith('upperdir='))?.slice('upperdir='.length);
  if (upper === undefined) return true;
  const below = mountOf(mounts, upper);
  // Its path is that of whoever mounted it, maybe seen from elsewhere (a container's runtime).
  return below !== undefined && below !== mount && volatileTypes.includes(below.type);
}

function describeType(mount: Mount): string {
  return mount.type === 'overlay' ? 'an overlay in memory' : `a ${mount.type}`;
}

function isWithin(path: string, folder: string): boolean {
  for (let current = path; ; current = dirname(current)) {
    if (current === folder) return true;
    if (current === dirname(current)) return false;
  }
}
