import { StepError } from '../../errors.ts';
import type { Host } from '../../runbook/index.ts';

/** A snapshot or a bookmark of a dataset. */
export interface Point {
  /** What follows `@` or `#`. */
  readonly name: string;
  readonly guid: string;
  /** Seconds since 1970. */
  readonly created: number;
}

export interface DatasetState {
  readonly dataset: string;
  readonly guid: string;
  /** Oldest first. */
  readonly snapshots: readonly Point[];
  readonly bookmarks: readonly Point[];
}

/** The output of `zfs get` by tabs; the same on OpenZFS 2 and on zfs-fuse, whose `zfs list` knows no `-p`. */
export function parseDatasetTree(text: string): readonly DatasetState[] {
  const properties = new Map<string, Map<string, string>>();
  for (const line of text.split('\n')) {
    const [name, property, value] = line.split('\t');
    if (name === undefined || property === undefined || value === undefined) continue;
    const one = properties.get(name) ?? new Map<string, string>();
    properties.set(name, one.set(property, value));
  }
  const states = new Map<string, { guid: string; snapshots: Point[]; bookmarks: Point[] }>();
  for (const [name, found] of properties) {
    const [dataset = '', mark, point = ''] = name.split(/([@#])/);
    const guid = found.get('guid') ?? '';
    if (mark === undefined) {
      states.set(dataset, { guid, snapshots: [], bookmarks: [] });
    } else {
      // ZFS lists a dataset before its points, and these in the order of their creation.
      const points = mark === '@' ? states.get(dataset)?.snapshots : states.get(dataset)?.bookmarks;
      points?.push({ name: point, guid, created: Number(found.get('creation')) });
    }
  }
  return [...states].map(([dataset, state]) => ({ dataset, ...state }));
}

/**
 * A dataset with all beneath it, and their snapshots and bookmarks; `undefined` when it does not exist.
 * @throws StepError `replication.zfs` when ZFS does not answer
 */
export async function readDatasetTree(
  host: Host,
  dataset: string,
): Promise<readonly DatasetState[] | undefined> {
  const argv = ['zfs', 'get', '-H', '-p', '-r', '-o', 'name,property,value', 'guid,creation'] as const;
  const { stdout, stderr, exitCode } = await host.exec({ argv: [...argv, dataset] }, { anyExit: true });
  if (exitCode === 0) return parseDatasetTree(stdout);
  if (/does not exist/.test(stderr)) return undefined;
  throw new StepError(
    'replication.zfs',
    `zfs get ${dataset} exited with ${exitCode}: ${stderr.trim()}`,
    'These steps need ZFS and root.',
  );
}
