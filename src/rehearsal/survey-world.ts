import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { coveredMounts, isWithin, lookBeneath, type CoveredMount } from './beneath-nested.ts';
import type { BuiltWorld } from './build.ts';
import type { HashMemory } from './hash-memory.ts';
import type { WorldLayout } from './layout.ts';
import {
  beneathMark,
  takeSnapshot,
  type Snapshot,
  type SnapshotEntry,
  type SnapshotMount,
} from './snapshot.ts';

/** Not the world's state: the kernel's own, what it borrows of its host, and what the program keeps of its run. */
const kept = ['/var/lib/migrate', '/var/lib/migrate-claims'];
/** The fake systemd's own; what it knows is asked of it. */
const systemd = ['/run/systemd/world-units', '/var/log/world-journal'];
const noState = ['/proc', '/sys', '/dev', '/.world', ...kept, ...systemd];

/**
 * Everything of a world that a program can leave behind: all its disks and what is in memory file systems,
 * as the world sees it and as it lies beneath the mounts, and the mount table. What differs from one
 * world to another although nothing happened, such as the numbers of loop devices, is named alike.
 */
export async function surveyWorld(
  layout: WorldLayout,
  { machine, facts, borrowed }: BuiltWorld,
  hashes: HashMemory,
  without: readonly string[],
): Promise<Snapshot> {
  const given = { without: [...noState, ...borrowed, ...without], hashes };
  const look = (root: string) =>
    takeSnapshot(
      root,
      readdirSync(root).map((name) => `/${name}`),
      given,
    );
  const live = await look(`/proc/${machine.init}/root`);
  const beneath = await look(layout.root);
  const { mounts = [] } = live;
  const nested = await lookBeneath(
    machine.init,
    coveredMounts(mounts, [...noState, ...borrowed]),
    (root, { point }) =>
      takeSnapshot(
        root,
        readdirSync(root).map((name) => `/${name}`),
        {
          hashes,
          without: given.without
            .filter((path) => path.startsWith(`${point}/`))
            .map((path) => path.slice(point.length)),
        },
      ),
  );
  return {
    entries: { ...live.entries, ...covered(beneath, mounts), ...Object.assign({}, ...nested.map(inNested)) },
    mounts: mounts.map((mount) => sameEverywhere(mount, layout, facts.devices)),
    withXattrs: live.withXattrs,
  };
}

/** What lies beneath mounts and so is not seen from above. */
function covered(
  beneath: Snapshot,
  mounts: readonly SnapshotMount[],
): Readonly<Record<string, SnapshotEntry>> {
  const points = mounts.map(({ point }) => point).filter((point) => point !== '/');
  const isCovered = (path: string) => points.some((point) => path === point || path.startsWith(`${point}/`));
  return Object.fromEntries(
    Object.entries(beneath.entries)
      .filter(([path]) => isCovered(path))
      .map(([path, entry]) => [`${beneathMark}${path}`, entry]),
  );
}

/** The same of a mount that others lie upon, with its name, since there may be several layers. */
function inNested({
  mount: { point, covering },
  snapshot,
}: {
  readonly mount: CoveredMount;
  readonly snapshot: Snapshot;
}): Readonly<Record<string, SnapshotEntry>> {
  return Object.fromEntries(
    Object.entries(snapshot.entries)
      .map(([path, entry]) => [`${point}${path}`, entry] as const)
      .filter(([path]) => covering.some((other) => isWithin(path, other)))
      .map(([path, entry]) => [`${beneathMark}${path} (of ${point})`, entry]),
  );
}

function sameEverywhere(
  mount: SnapshotMount,
  { folder }: WorldLayout,
  devices: Readonly<Record<string, string>>,
): SnapshotMount {
  const device = devices[mount.point];
  // The kernel counts from the file system that the folder lies on, such as a tmpfs at /tmp.
  const name = `/${basename(folder)}`;
  const anyWorld = (path: string) =>
    path.includes(name) ? `world${path.slice(path.indexOf(name) + name.length)}` : path;
  return {
    ...mount,
    // The world's own /dev has its disks alone.
    ...(device === undefined ? {} : { point: `/dev/${device}` }),
    source: diskNamed(mount.source, devices) ?? anyWorld(mount.source),
    root: device === undefined ? anyWorld(mount.root) : `/${device}`,
  };
}

/** The name of a world's disk, with the number of its partition. */
function diskNamed(source: string, devices: Readonly<Record<string, string>>): string | undefined {
  const [, disk = source, partition = ''] = /^(\/dev\/loop\d+)(p\d+)$/.exec(source) ?? [];
  const name = devices[disk];
  return name === undefined ? undefined : `${name}${partition}`;
}
