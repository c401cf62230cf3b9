import { sh, type Host } from '../../runbook/index.ts';
import { snapshotsOf, zfsList, zfsProperties } from '../zfs/zfs.ts';

/** A dataset as it stands. */
export interface Dataset {
  readonly guid: string;
  readonly mountPoint: string;
  readonly canmount: string;
  /** The snapshot that it is a clone of; `-` when it is none. */
  readonly origin: string;
}

export interface DatasetSnapshot {
  readonly name: string;
  readonly guid: string;
  /** Bytes. */
  readonly referenced: number;
}

/** The swap sets the first two by itself; a key cannot be set on what is not encrypted by it. */
const setAnew: ReadonlySet<string> = new Set([
  'mountpoint',
  'canmount',
  'keylocation',
  'keyformat',
  'encryption',
]);

/**
 * A dataset, or `undefined` when it is certain that there is none: its pool answers, and knows no such name.
 * @throws StepError `zfs.no-pool`, `zfs.pool-unusable`, `zfs.failed`
 */
export async function readDataset(host: Host, name: string): Promise<Dataset | undefined> {
  const found = await zfsProperties(host, name, ['guid', 'mountpoint', 'canmount', 'origin']);
  return (
    found && {
      guid: found.guid.value,
      mountPoint: found.mountpoint.value,
      canmount: found.canmount.value,
      origin: found.origin.value,
    }
  );
}

/** Snapshots of a dataset itself, newest first. @throws StepError as `readDataset` */
export async function newestFirst(host: Host, dataset: string): Promise<readonly DatasetSnapshot[]> {
  const snapshots = await snapshotsOf(host, dataset, ['referenced']);
  return snapshots.toReversed().map(({ name, guid, properties }) => ({
    name,
    guid,
    referenced: Number(properties['referenced']?.value ?? 0),
  }));
}

/** The properties that were set on a dataset itself, as they must be set again. @throws StepError `command.failed` */
export async function localProperties(
  host: Host,
  dataset: string,
): Promise<Readonly<Record<string, string>>> {
  const { stdout } = await host.exec(sh`zfs get -H -p -s local -o property,value all ${dataset}`);
  const entries = stdout
    .split('\n')
    .map((line) => line.split('\t'))
    .filter((fields): fields is [string, string] => fields.length === 2);
  return Object.fromEntries(entries.filter(([property]) => !setAnew.has(property)));
}

/** Names of the datasets beneath one. @throws StepError as `readDataset` */
export async function childrenOf(host: Host, dataset: string): Promise<readonly string[]> {
  const entries = await zfsList(host, dataset);
  return entries
    .filter(({ kind, name }) => name !== dataset && (kind === 'filesystem' || kind === 'volume'))
    .map(({ name }) => name);
}

/** Words before a command that is to run there. Nobody can answer ssh, and a machine that is away must not eat all the time. */
export function beforeSsh(ssh: string | undefined): readonly string[] {
  return ssh === undefined ? [] : ['ssh', '-o', 'BatchMode=yes', '-o', 'ConnectTimeout=20', ssh, '--'];
}

/** A machine whose commands are asked over ssh; for datasets, whose names no shell reads as anything else. */
export function hostThrough(host: Host, ssh: string | undefined): Host {
  if (ssh === undefined) return host;
  return {
    ...host,
    exec: (command, options) =>
      host.exec({ ...command, argv: sh`${beforeSsh(ssh)} ${command.argv}`.argv }, options),
  };
}
