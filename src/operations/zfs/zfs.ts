import { StepError } from '../../errors.ts';
import { formatCommand, sh, type Command, type CommandResult, type Host } from '../../runbook/index.ts';
import { poolOf } from './names.ts';
import { parsePoolLine, parseZfsGet, type PoolLine, type ZfsAnswer, type ZfsProperty } from './zfs-output.ts';

/** The property by which a step knows what it has made. Children inherit it, so only a local one counts. */
export const markProperty = 'migrate:run';

/**
 * Properties of one dataset or snapshot, by its exact name; undefined when it does not exist in a pool
 * that is there. Sizes in bytes, times in seconds since 1970.
 *
 * @throws StepError `zfs.no-pool`, `zfs.pool-unusable`, `zfs.failed`
 */
export async function zfsProperties<Name extends string>(
  host: Host,
  name: string,
  properties: readonly Name[],
): Promise<Readonly<Record<Name, ZfsProperty>> | undefined> {
  const found = await get(host, [], properties, name);
  return found?.get(name);
}

/** The GUID of a dataset or snapshot; undefined when it does not exist. @throws StepError as zfsProperties */
export async function guidOf(host: Host, name: string): Promise<string | undefined> {
  return (await zfsProperties(host, name, ['guid']))?.guid.value;
}

/** A dataset or snapshot in a list. */
export interface ZfsEntry {
  readonly name: string;
  readonly kind: 'filesystem' | 'volume' | 'snapshot' | 'bookmark';
  readonly guid: string;
  /** Number of the transaction that made it: what is older has a smaller one. */
  readonly created: number;
  /** The properties that were asked for besides. */
  readonly properties: Readonly<Record<string, ZfsProperty>>;
}

/**
 * A dataset with the datasets, snapshots and bookmarks beneath it; empty when it does not exist.
 *
 * @param options.depth 0 for the dataset alone, 1 for its own snapshots and children too; all when left out
 * @param options.properties to tell besides
 * @throws StepError as zfsProperties
 */
export async function zfsList(
  host: Host,
  dataset: string,
  options: { readonly depth?: number; readonly properties?: readonly string[] } = {},
): Promise<readonly ZfsEntry[]> {
  const { depth, properties = [] } = options;
  const flags = ['-r', ...(depth === undefined ? [] : ['-d', String(depth)])];
  const asked = [...new Set(['type', 'guid', 'createtxg', ...properties])];
  const found = await get(host, flags, asked, dataset);
  return [...(found ?? [])].map(([name, values]) => ({
    name,
    kind: (values['type']?.value ?? 'filesystem') as ZfsEntry['kind'],
    guid: values['guid']?.value ?? '',
    created: Number(values['createtxg']?.value ?? 0),
    properties: values,
  }));
}

/** A dataset's own snapshots, oldest first. @throws StepError as zfsProperties */
export async function snapshotsOf(
  host: Host,
  dataset: string,
  properties: readonly string[] = [],
): Promise<readonly ZfsEntry[]> {
  const entries = await zfsList(host, dataset, { depth: 1, properties });
  return entries
    .filter(({ kind, name }) => kind === 'snapshot' && name.startsWith(`${dataset}@`))
    .toSorted((one, other) => one.created - other.created);
}

/** What a pool says of itself; undefined when no pool of that name is imported. @throws StepError `zfs.failed` */
export async function poolLine(host: Host, pool: string): Promise<PoolLine | undefined> {
  const command = sh`zpool list -H -o name,guid,health,capacity ${pool}`;
  const result = await host.exec(command, { anyExit: true });
  if (result.exitCode === 0) return parsePoolLine(result.stdout, pool);
  if (/no such pool/i.test(result.stderr)) return undefined;
  throw zfsFailed(command, result);
}

/**
 * Commands to a pool that has lost its disks hang and cannot be ended, so ask this before any of them.
 *
 * @throws StepError `zfs.no-pool`, `zfs.pool-unusable`
 */
export async function usablePool(host: Host, pool: string): Promise<PoolLine> {
  const line = await poolLine(host, pool);
  if (line === undefined) {
    throw new StepError(
      'zfs.no-pool',
      `no pool ${pool} is imported`,
      `See which can be imported (zpool import) and import it: zpool import ${pool}`,
    );
  }
  if (line.health === 'ONLINE' || line.health === 'DEGRADED') return line;
  throw new StepError(
    'zfs.pool-unusable',
    `the pool ${pool} is ${line.health}: ${line.health === 'SUSPENDED' ? 'it has lost disks, and every write to it waits' : 'it cannot be used'}`,
    `See zpool status ${pool}, bring its disks back, and then: zpool clear ${pool}`,
  );
}

/** How full a pool is. */
export interface PoolFill {
  readonly line: PoolLine;
  /** Percent in use, of the pool or of what datasets may take, whichever is more. */
  readonly percent: number;
  /** Bytes that datasets may still take. */
  readonly available: number;
}

/**
 * Asks how full a pool is. ZFS keeps a part of it back, nearly half of a tiny one, so that no dataset can be
 * written to while the pool itself still has room.
 * @throws StepError as usablePool
 */
export async function poolFill(host: Host, pool: string): Promise<PoolFill> {
  const line = await usablePool(host, pool);
  const root = await zfsProperties(host, pool, ['used', 'available']);
  const used = Number(root?.used.value ?? 0);
  const available = Number(root?.available.value ?? 0);
  const share = used + available > 0 ? Math.floor((used / (used + available)) * 100) : 100;
  return { line, percent: Math.max(line.capacity ?? 0, share), available };
}

async function get(
  host: Host,
  flags: readonly string[],
  properties: readonly string[],
  name: string,
): Promise<ZfsAnswer | undefined> {
  await usablePool(host, poolOf(name));
  const command = sh`zfs get ${flags} -H -p -o name,property,value,source ${properties.join(',')} ${name}`;
  const result = await host.exec(command, { anyExit: true });
  if (result.exitCode === 0) return parseZfsGet(result.stdout, properties);
  if (/dataset does not exist|no such (?:dataset|snapshot)/i.test(result.stderr)) return undefined;
  throw zfsFailed(command, result);
}

/** What ZFS said, as an error. */
export function zfsFailed(
  command: Command,
  { stderr, exitCode, signal }: CommandResult,
  hint?: string,
): StepError {
  const said = stderr.trim().split('\n').slice(0, 3).join('; ');
  const ended = signal === undefined ? `exit code ${exitCode}` : `ended by ${signal}`;
  const full = /out of space|no space left/i.test(stderr);
  return new StepError(
    full ? 'zfs.full' : 'zfs.failed',
    `${formatCommand(command)} failed: ${said === '' ? ended : said}`,
    full
      ? 'Free space in the pool, or raise the quota: snapshots hold what was deleted. See: zfs list -o space'
      : hint,
  );
}
