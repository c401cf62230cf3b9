import type { Snapshot, SnapshotEntry, SnapshotMount } from './snapshot.ts';

export interface ComparisonOptions {
  /** Paths that may differ, with everything beneath them. */
  readonly except?: readonly string[];
  /** Folders whose time of change may differ, since something was made and removed in them. */
  readonly anyTime?: readonly string[];
  /** The mount tables may differ. */
  readonly anyMounts?: boolean;
}

/** What differs between two snapshots, a line each, for a person; empty when nothing does. */
export function compareSnapshots(
  before: Snapshot,
  after: Snapshot,
  options: ComparisonOptions = {},
): readonly string[] {
  const lines: string[] = [];
  const paths = new Set([...Object.keys(before.entries), ...Object.keys(after.entries)]);
  const isExcept = (path: string) =>
    (options.except ?? []).some((outer) => path === outer || path.startsWith(`${outer}/`));
  for (const path of [...paths].toSorted()) {
    if (isExcept(path)) continue;
    const old = before.entries[path];
    const now = after.entries[path];
    if (old === undefined) lines.push(`${path}: appeared`);
    else if (now === undefined) lines.push(`${path}: is gone`);
    else lines.push(...entryDifferences(path, old, now, options.anyTime?.includes(path) ?? false));
  }
  if (before.withXattrs !== after.withXattrs) lines.push('extended attributes were read only once');
  if (options.anyMounts !== true && before.mounts !== undefined && after.mounts !== undefined) {
    lines.push(...mountDifferences(before.mounts, after.mounts));
  }
  return lines;
}

function entryDifferences(
  path: string,
  before: SnapshotEntry,
  after: SnapshotEntry,
  anyTime: boolean,
): readonly string[] {
  const show = (entry: SnapshotEntry): Record<string, string> => ({
    kind: entry.kind,
    mode: entry.mode.toString(8).padStart(4, '0'),
    owner: `${entry.uid}:${entry.gid}`,
    ...(anyTime ? {} : { mtime: entry.mtime }),
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
    .filter(([name, value]) => now[name] !== value)
    .map(([name, value]) => `${path}: ${name} was ${value || 'none'}, is ${now[name] || 'none'}`);
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
