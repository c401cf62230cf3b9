import type { Snapshot, SnapshotEntry, SnapshotMount } from './snapshot.ts';

export interface ComparisonOptions {
  /** Paths that may differ, with everything beneath them. */
  readonly except?: readonly string[];
  /** Folders whose time of change may differ, since something was made and removed in them. */
  readonly anyTime?: readonly string[];
  /** The mount tables may differ. */
  readonly anyMounts?: boolean;
}

/** One thing in which two snapshots differ. */
export interface Difference {
  /** Of an entry; the whole line for a mount. */
  readonly path: string;
  /** `there` when it is in one of them only. */
  readonly field: string;
  /** For a person. */
  readonly text: string;
}

/** What differs between two snapshots, a line each, for a person; empty when nothing does. */
export function compareSnapshots(
  before: Snapshot,
  after: Snapshot,
  options: ComparisonOptions = {},
): readonly string[] {
  const isExcept = (path: string) =>
    (options.except ?? []).some((outer) => path === outer || path.startsWith(`${outer}/`));
  return differences(before, after)
    .filter(({ path }) => !isExcept(path))
    .filter(({ path, field }) => field !== 'mtime' || options.anyTime?.includes(path) !== true)
    .filter(({ field }) => field !== 'mounted' || options.anyMounts !== true)
    .map(({ text }) => text);
}

/** Everything that differs between two snapshots. */
export function differences(before: Snapshot, after: Snapshot): readonly Difference[] {
  const found: Difference[] = [];
  const paths = new Set([...Object.keys(before.entries), ...Object.keys(after.entries)]);
  for (const path of [...paths].toSorted()) {
    const old = before.entries[path];
    const now = after.entries[path];
    if (old === undefined) found.push({ path, field: 'there', text: `${path}: appeared` });
    else if (now === undefined) found.push({ path, field: 'there', text: `${path}: is gone` });
    else found.push(...entryDifferences(path, old, now));
  }
  if (before.withXattrs !== after.withXattrs) {
    found.push({ path: '', field: 'xattrs', text: 'extended attributes were read only once' });
  }
  if (before.mounts !== undefined && after.mounts !== undefined) {
    found.push(
      ...mountDifferences(before.mounts, after.mounts).map((text) => ({
        path: text,
        field: 'mounted',
        text,
      })),
    );
  }
  return found;
}

function entryDifferences(path: string, before: SnapshotEntry, after: SnapshotEntry): readonly Difference[] {
  const show = (entry: SnapshotEntry): Record<string, string> => ({
    kind: entry.kind,
    mode: entry.mode.toString(8).padStart(4, '0'),
    owner: `${entry.uid}:${entry.gid}`,
    mtime: entry.mtime,
    size: String(entry.size),
    content: entry.sha256?.slice(0, 16) ?? '',
    sparse: String(entry.sparse),
    target: entry.target ?? '',
    'hard link to': entry.sameFileAs ?? '',
    xattrs: Object.entries(entry.xattrs ?? {})
      .map(([name, value]) => `${name}=${value}`)
      .toSorted()
      .join(' '),
  });
  const now = show(after);
  return Object.entries(show(before))
    .filter(([field, value]) => now[field] !== value)
    .map(([field, value]) => {
      const text = `${path}: ${field} was ${value || 'none'}, is ${now[field] || 'none'}`;
      return { path, field, text };
    });
}

/** In the order of mounting, since a later mount covers an earlier one. */
function mountDifferences(
  before: readonly SnapshotMount[],
  after: readonly SnapshotMount[],
): readonly string[] {
  const show = (mount: SnapshotMount) =>
    `${mount.point} (${mount.type} ${mount.source}${mount.root === '/' ? '' : `[${mount.root}]`}${mount.readOnly ? ', read-only' : ''})`;
  const old = before.map(show);
  const now = after.map(show);
  const gone = old.filter((mount) => !now.includes(mount)).map((mount) => `no longer mounted: ${mount}`);
  const come = now.filter((mount) => !old.includes(mount)).map((mount) => `newly mounted: ${mount}`);
  if (gone.length + come.length > 0) return [...gone, ...come];
  if (old.length !== now.length) {
    return [`${now.length} mounts instead of ${old.length}, some of them twice`];
  }
  return [];
}
