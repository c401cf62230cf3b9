import { differences, type Difference } from '../snapshot-difference.ts';
import { beneathMark, type Snapshot } from '../snapshot.ts';

/** A world at the checkpoint of a step. Moments are nanoseconds since 1970, as file systems count. */
export interface Seen {
  readonly snapshot: Snapshot;
  /** When the world was begun to be built. */
  readonly built: bigint;
  /** When its run began. */
  readonly runBegan: bigint;
}

/** What two uninterrupted runs disagree in at the same step: identifiers, times, archives. */
export interface Noise {
  /** Whether a difference at that place says nothing. */
  readonly covers: (difference: Difference) => boolean;
  readonly size: number;
}

/** Learns from two uninterrupted runs. */
export function noiseBetween(one: Seen, other: Seen): Noise {
  const found = unlike(one, other);
  const fields = new Set(found.map(({ path, field }) => `${field} ${path}`));
  // A name that is made anew each time: its folder may hold other such names the next time.
  const folders = new Set(found.filter(({ field }) => field === 'there').map(({ path }) => folderOf(path)));
  const isInBoth = (path: string) =>
    one.snapshot.entries[path] !== undefined && other.snapshot.entries[path] !== undefined;
  const isUnderAnyName = (path: string): boolean =>
    path !== '' && ((folders.has(folderOf(path)) && !isInBoth(path)) || isUnderAnyName(folderOf(path)));
  return {
    covers: ({ path, field }) => fields.has(`${field} ${path}`) || isUnderAnyName(path),
    size: found.length,
  };
}

/** What a run that was killed left otherwise than one that was not, as lines for a person. */
export function unlikeness(uninterrupted: Seen, killed: Seen, noise: Noise): readonly string[] {
  return unlike(uninterrupted, killed)
    .filter((difference) => !noise.covers(difference))
    .map(({ text }) => text);
}

/** Between two worlds, each built and run at a time of its own. A time that is older than the world stays the same. */
function unlike(one: Seen, other: Seen): readonly Difference[] {
  return differences(one.snapshot, other.snapshot).filter(
    ({ path, field }) =>
      field !== 'mtime' || ageOf(one, path) !== ageOf(other, path) || ageOf(one, path) === 'old',
  );
}

function ageOf({ snapshot, built, runBegan }: Seen, path: string): 'old' | 'of the world' | 'of the run' {
  const time = BigInt(snapshot.entries[path]?.mtime ?? 0);
  return time < built ? 'old' : time < runBegan ? 'of the world' : 'of the run';
}

/**
 * What an undo left otherwise than it was, in one world. Folders and links are made again or had
 * something made in them, so their times say nothing.
 *
 * @param allowed paths that may differ, with everything beneath
 */
export function leftBehind(
  before: Snapshot,
  after: Snapshot,
  allowed: readonly string[] = [],
): readonly string[] {
  const isAllowed = (path: string) => {
    const plain = path.startsWith(beneathMark) ? path.slice(beneathMark.length) : path;
    return allowed.some((outer) => [path, plain].some((one) => one === outer || one.startsWith(`${outer}/`)));
  };
  const isFile = (path: string) => before.entries[path]?.kind === 'file';
  return differences(before, after)
    .filter(({ path, field }) => field !== 'mtime' || isFile(path))
    .filter(({ path }) => !isAllowed(path))
    .map(({ text }) => text);
}

/** What was built since: paths of a Nix store stay, until somebody collects garbage. */
export function builtSince(before: Snapshot, after: Snapshot): readonly string[] {
  return Object.keys(after.entries).filter(
    (path) => /^\/nix\/store\/[0-9a-z]{32}-[^/]+$/.test(path) && before.entries[path] === undefined,
  );
}

/** Where a rollback keeps what it has replaced or dropped, for whoever misses it. */
export function keptAside({ entries }: Snapshot, run: string): readonly string[] {
  const aside = new RegExp(String.raw`\.migrate-(aside-)?(replaced|dropped)-${run}$`);
  return Object.keys(entries).filter((path) => aside.test(path));
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}
