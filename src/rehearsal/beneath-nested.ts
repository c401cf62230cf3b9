import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Snapshot, SnapshotMount } from './snapshot.ts';

/** A mount in the world that others lie upon. */
export interface CoveredMount {
  readonly point: string;
  /** What is mounted strictly beneath its path. */
  readonly covering: readonly string[];
}

/**
 * Mounts, other than the root's, with further mounts in their trees: a dataset in another one's folder.
 * What lies at rest in that folder is seen neither from above nor on the root's disk.
 */
export function coveredMounts(
  mounts: readonly SnapshotMount[],
  without: readonly string[],
): readonly CoveredMount[] {
  const points = [...new Set(mounts.map(({ point }) => point))].filter(
    (point) => point !== '/' && !without.some((outer) => isWithin(point, outer)),
  );
  return points
    .map((point) => ({
      point,
      covering: points.filter((other) => other !== point && isWithin(other, point)),
    }))
    .filter(({ covering }) => covering.length > 0);
}

/**
 * Looks at those mounts alone, without what is mounted upon them. It needs a mount namespace of its own,
 * which ends with the look.
 *
 * @param init of the world, as the supervisor numbers it
 */
export async function lookBeneath(
  init: number,
  covered: readonly CoveredMount[],
  look: (root: string, mount: CoveredMount) => Promise<Snapshot>,
): Promise<readonly { readonly mount: CoveredMount; readonly snapshot: Snapshot }[]> {
  if (covered.length === 0) return [];
  const script = `set -e
    mount -t tmpfs none /sys
    number=0
    for point; do
      mkdir "/sys/$number"
      mount --bind "$point" "/sys/$number"
      number=$((number + 1))
    done
    echo ready
    read -r _`;
  const child = spawn(
    'nsenter',
    [
      `--target=${init}`,
      '--mount',
      '--',
      'unshare',
      '--mount',
      '--propagation=private',
      'sh',
      '-c',
      script,
      'sh',
      ...covered.map(({ point }) => point),
    ],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const ended = once(child, 'close');
  try {
    await Promise.race([
      once(child.stdout, 'data'),
      ended.then(([code]) => Promise.reject(new Error(`cannot look beneath mounts (exit ${code})`))),
    ]);
    const found = [];
    for (const [index, mount] of covered.entries()) {
      found.push({ mount, snapshot: await look(`/proc/${child.pid}/root/sys/${index}`, mount) });
    }
    return found;
  } finally {
    child.stdin.end('\n');
    await ended;
  }
}

export function isWithin(path: string, outer: string): boolean {
  return path === outer || path.startsWith(`${outer}/`);
}
