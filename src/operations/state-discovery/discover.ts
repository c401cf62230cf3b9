import type { ExecOptions, Host } from '../../runbook/index.ts';
import { findHomes, type Home } from './accounts.ts';
import { changedEtc, type ChangedFile, type EtcSource } from './changed-etc.ts';
import { diskUsage, sumsOf } from './disk-usage.ts';
import { lookAt, type LookedAt } from './looked-at.ts';
import { packageFiles } from './packages.ts';
import { generatedFolders, liesIn, openedFolders } from './places.ts';
import { runningServices, type StatefulService } from './running-services.ts';
import { undeclaredFolders } from './undeclared.ts';

export interface DiscoverOptions {
  /** Paths that outlive the root file system: what is declared, and other file systems. */
  readonly declared?: readonly string[];
  /** Folders that the system makes by itself, besides the usual ones. */
  readonly generated?: readonly string[];
  /** Paths of which the sizes are asked for, wherever they lie. */
  readonly measure?: readonly string[];
}

/** A path of state that lies in no declared place. */
export interface StatePath {
  readonly path: string;
  readonly kind: LookedAt['kind'];
  /** All that lies in it. */
  readonly bytes: number;
  /** What of it lies in no declared place. */
  readonly lostBytes: number;
  readonly owner: string;
  readonly group: string;
  readonly mode: string;
  /** Services that keep their state there. */
  readonly units: readonly string[];
  /** The package that it belongs to, where that can be told. */
  readonly package?: string;
}

/** The state that a machine holds on its root file system. */
export interface MachineState {
  /** What would be lost, the largest first; empty folders are left out. */
  readonly undeclared: readonly StatePath[];
  readonly etc: { readonly source: EtcSource; readonly files: readonly ChangedFile[] };
  readonly homes: readonly (Home & { readonly bytes: number | null })[];
  /** `null` where no systemd answers. */
  readonly services: readonly StatefulService[] | null;
  readonly unreadable: readonly string[];
  /** What was asked for, by path; what is not there is left out. */
  readonly measured: Readonly<Record<string, number>>;
  /** Of all that was walked. */
  readonly bytes: number;
}

/**
 * Finds out what state a machine holds: one walk over the root file system, which is left at no mount point, and
 * what its units, its packages and its database of users say. It only reads.
 *
 * @throws StepError `discovery.no-answer`
 */
export async function discoverState(
  host: Host,
  { declared = [], generated = [], measure = [] }: DiscoverOptions = {},
  exec: ExecOptions = {},
): Promise<MachineState> {
  const made = [...generatedFolders, ...generated];
  const asked = packageFiles(host, ['/etc', '/var']);
  const [{ folders, unreadable }, homes, services, etc, packages] = await Promise.all([
    diskUsage(host, '/', { without: made, ...exec }),
    findHomes(host),
    runningServices(host),
    changedEtc(host, asked),
    asked,
  ]);
  const lost = undeclaredFolders(folders, declared, made);
  const looks = new Map(
    (
      await lookAt(
        host,
        lost.map(({ path }) => path),
      )
    ).map((one) => [one.path, one]),
  );
  const isSafe = (path: string) => [...declared, ...made].some((folder) => liesIn(path, folder));
  const single = (await lookAt(host, openedFolders, { depth: 1, files: true })).filter(
    ({ path, kind }) => kind === 'file' && !isSafe(path),
  );
  const named = (path: string): Pick<StatePath, 'units' | 'package'> => {
    const owner = packages?.owners.get(path);
    return { units: unitsOf(services ?? [], path), ...(owner === undefined ? {} : { package: owner }) };
  };
  const undeclared = [
    ...lost.flatMap(({ path, bytes, lostBytes }): StatePath[] => {
      const look = looks.get(path);
      if (look === undefined || look.empty || lostBytes === 0) return [];
      const { kind, owner, group, mode } = look;
      return [{ path, kind, bytes, lostBytes, owner, group, mode, ...named(path) }];
    }),
    ...single.map(({ path, kind, bytes, owner, group, mode }) => ({
      ...{ path, kind, bytes, lostBytes: bytes, owner, group, mode },
      ...named(path),
    })),
  ].toSorted((one, other) => other.lostBytes - one.lostBytes || (one.path < other.path ? -1 : 1));
  return {
    undeclared,
    etc: { source: etc.source, files: etc.files.filter(({ path }) => !isSafe(path)) },
    homes: homes.map((home) => ({ ...home, bytes: folders.get(home.path) ?? null })),
    services: services ?? null,
    unreadable,
    measured: await measureAll(host, measure, folders),
    bytes: folders.get('/') ?? 0,
  };
}

function unitsOf(services: readonly StatefulService[], path: string): readonly string[] {
  return services
    .filter(({ stateDirectories, workingDirectory, openFolders }) =>
      [...stateDirectories, ...openFolders, ...(workingDirectory === null ? [] : [workingDirectory])].some(
        (folder) => liesIn(folder, path),
      ),
    )
    .map(({ unit }) => unit);
}

/** What the walk has passed it has measured; files, and what lies on other file systems, are asked for. */
async function measureAll(
  host: Host,
  paths: readonly string[],
  folders: ReadonlyMap<string, number>,
): Promise<Readonly<Record<string, number>>> {
  const known = paths.flatMap((path) => {
    const bytes = folders.get(path);
    return bytes === undefined ? [] : [[path, bytes] as const];
  });
  const rest = paths.filter((path) => !folders.has(path));
  return { ...Object.fromEntries(known), ...Object.fromEntries(await sumsOf(host, rest)) };
}
