/** A snapshot in a list that goes from the oldest to the newest. */
export interface Sent {
  readonly name: string;
  readonly guid: string;
}

/** What has to be sent so that a target gets a snapshot. */
export type SendPlan =
  /** The target has it. */
  | { readonly kind: 'none' }
  /** The target does not exist. */
  | { readonly kind: 'full' }
  | { readonly kind: 'incremental'; readonly base: Sent }
  | { readonly kind: 'refused'; readonly code: RefusalCode; readonly why: string; readonly mend: string };

type RefusalCode =
  | 'zfs.no-snapshot'
  | 'zfs.target-without-snapshots'
  | 'zfs.no-common-snapshot'
  | 'zfs.target-ahead'
  | 'zfs.snapshot-too-old';

const another =
  'Replicate into another target, or destroy this one by its GUID once nothing of it is needed.';

/**
 * Decides what to send. Snapshots are the same when their GUIDs are; names say nothing. A target is never
 * rolled back: what it has and the source has not is somebody's data.
 *
 * @param source the source's snapshots, oldest first
 * @param target the target's, oldest first; undefined when there is no target
 * @param guid of the snapshot to be sent
 */
export function planSend(
  source: readonly Sent[],
  target: readonly Sent[] | undefined,
  guid: string,
): SendPlan {
  const at = source.findIndex((one) => one.guid === guid);
  if (at < 0) {
    return refused(
      'zfs.no-snapshot',
      'the snapshot to be sent is no longer there',
      'Take another, and hold it.',
    );
  }
  if (target === undefined) return { kind: 'full' };
  if (target.some((one) => one.guid === guid)) return { kind: 'none' };
  const newest = target.at(-1);
  if (newest === undefined)
    return refused(
      'zfs.target-without-snapshots',
      'the target is there without any snapshot, so it is no replica',
      another,
    );
  const positions = new Map(source.map((one, index) => [one.guid, index]));
  const common = target.findLastIndex((one) => positions.has(one.guid));
  if (common < 0) {
    return refused(
      'zfs.no-common-snapshot',
      `the target has no snapshot in common with the source; its newest is ${newest.name}`,
      `${another} Snapshots that a replica rests on must be held, lest somebody prunes them.`,
    );
  }
  if (common < target.length - 1) {
    const own = target.slice(common + 1).map(({ name }) => name);
    return refused(
      'zfs.target-ahead',
      `the target has snapshots that the source has not: ${own.slice(0, 5).join(', ')}${own.length > 5 ? ` and ${own.length - 5} more` : ''}`,
      `Look what they hold. Where nothing of them is needed, destroy them one by one; ${another.charAt(0).toLowerCase()}${another.slice(1)}`,
    );
  }
  const from = positions.get(newest.guid) ?? -1;
  const base = source[from];
  if (from > at || base === undefined) {
    return refused(
      'zfs.snapshot-too-old',
      `the target has ${newest.name} already, which is younger than the snapshot to be sent`,
      'Send a younger snapshot.',
    );
  }
  return { kind: 'incremental', base };
}

/** The youngest snapshot that both sides have, by GUID; as the source names it. */
export function newestCommon<Snapshot extends Sent>(
  source: readonly Snapshot[],
  target: readonly Sent[],
): Snapshot | undefined {
  const there = new Set(target.map(({ guid }) => guid));
  return source.findLast(({ guid }) => there.has(guid));
}

function refused(code: RefusalCode, why: string, mend: string): SendPlan {
  return { kind: 'refused', code, why, mend };
}

/** The GUID of the snapshot that an interrupted receive was given, out of what `zfs send -nvt TOKEN` tells. */
export function guidOfToken(text: string): string | undefined {
  const found = /^\s*toguid\s*=\s*(0x[0-9a-f]+|\d+)\s*$/im.exec(text)?.[1];
  return found === undefined ? undefined : BigInt(found).toString();
}
