import { StepError } from '../../errors.ts';
import { sh, type Host } from '../../runbook/index.ts';
import { hoursSince } from '../health/hours.ts';
import { parseScrub, type Scrub } from './scrub.ts';
import { newestCommon } from './send-plan.ts';
import { driftOf, tellDrift } from './values.ts';
import { poolFill, snapshotsOf, usablePool, zfsFailed, zfsProperties, type ZfsEntry } from './zfs.ts';

/**
 * A number that was found, and in words where it comes from; infinite for the age of what never was. What
 * cannot be measured is thrown.
 */
export interface Measured {
  readonly value: number;
  readonly observed: string;
}

/** Percent of a pool in use. @throws StepError `zfs.no-pool`, `zfs.pool-unusable`, `zfs.failed` */
export async function zfsPoolCapacity(host: Host, { pool }: { readonly pool: string }): Promise<Measured> {
  const { percent, line } = await poolFill(host, pool);
  return { value: percent, observed: `the pool ${pool} is ${percent} % full (${line.health})` };
}

/**
 * Percent of what a dataset may hold that it holds: of its quota where it has one, else of what is left in
 * the pool. Snapshots count against `quota`, and not against `refquota`; the fuller of the two is told.
 * @throws StepError `zfs.no-dataset`, and as zfsPoolCapacity
 */
export async function zfsDatasetCapacity(
  host: Host,
  { dataset }: { readonly dataset: string },
): Promise<Measured> {
  const found = await mustHave(host, dataset, ['used', 'available', 'referenced', 'quota', 'refquota']);
  const number = (name: keyof typeof found) => Number(found[name].value) || 0;
  const { used, referenced } = { used: number('used'), referenced: number('referenced') };
  const limits = [
    { what: 'quota', taken: used, limit: number('quota') },
    { what: 'refquota', taken: referenced, limit: number('refquota') },
    { what: 'space that is left', taken: used, limit: used + number('available') },
  ].filter(({ limit }) => limit > 0);
  const shares = limits.map((one) => ({ ...one, percent: (one.taken / one.limit) * 100 }));
  const [fullest] = shares.toSorted((one, other) => other.percent - one.percent);
  if (fullest === undefined) throw unmeasured(`${dataset} does not tell how much it may hold`);
  const { what, taken, limit, percent } = fullest;
  return {
    value: round(percent),
    observed: `${dataset} holds ${mebibytes(taken)} of ${mebibytes(limit)} (${what}), ${round(percent)} %`,
  };
}

/** Number of a dataset's own snapshots; of those whose names after the @ begin with `prefix`. */
export async function zfsSnapshotCount(
  host: Host,
  input: { readonly dataset: string; readonly prefix?: string | undefined },
): Promise<Measured> {
  const { length } = await snapshotsWith(host, input);
  return { value: length, observed: `${input.dataset} has ${length} snapshots${named(input.prefix)}` };
}

/** Hours since a dataset's newest snapshot. @throws StepError `zfs.no-dataset`, `health.clock` */
export async function zfsSnapshotAge(
  host: Host,
  input: { readonly dataset: string; readonly prefix?: string | undefined },
): Promise<Measured> {
  const newest = (await snapshotsWith(host, input)).at(-1);
  if (newest === undefined) {
    return never(`${input.dataset} has no snapshot${named(input.prefix)}`);
  }
  const hours = ageOf(host, newest);
  return { value: hours, observed: `${newest.name} is ${hours} hours old` };
}

/** Errors that the last scrub could not repair, and data errors that the pool knows of now. */
export async function zfsScrubErrors(host: Host, { pool }: { readonly pool: string }): Promise<Measured> {
  const scrub = await scrubOf(host, pool);
  return {
    value: Math.max(scrub.errors ?? 0, scrub.dataErrors),
    observed: `${pool}: ${scrub.said}; ${scrub.dataErrors} known data errors`,
  };
}

/** Days since the last scrub was done. @throws StepError `zfs.unmeasured` where the pool does not tell, as while one is running */
export async function zfsScrubAge(host: Host, { pool }: { readonly pool: string }): Promise<Measured> {
  const { at, said, state } = await scrubOf(host, pool);
  if (state === 'never') return never(`${pool} was never scrubbed`);
  if (at === undefined) throw unmeasured(`the pool ${pool} tells of no scrub that is done: ${said}`);
  const days = round(hoursSince(host, at, `the scrub of ${pool}`) / 24);
  return { value: days, observed: `${pool}: ${said}` };
}

/** Number of properties that are not as they should be. @throws StepError `zfs.no-dataset` */
export async function zfsPropertyDrift(
  host: Host,
  {
    dataset,
    properties,
  }: { readonly dataset: string; readonly properties: Readonly<Record<string, string>> },
): Promise<Measured> {
  const drift = driftOf(properties, await mustHave(host, dataset, Object.keys(properties)));
  const observed =
    drift.length === 0 ? `${dataset} has all properties as wanted` : `${dataset}: ${tellDrift(drift)}`;
  return { value: drift.length, observed };
}

/**
 * Hours since the newest snapshot that a dataset and its replica have in common, by GUID: what would be lost
 * if the dataset were.
 * @throws StepError `zfs.no-dataset`, `health.clock`
 */
export async function zfsReplicationLag(
  host: Host,
  { from, to }: { readonly from: string; readonly to: string },
): Promise<Measured> {
  for (const dataset of [from, to]) await mustHave(host, dataset, ['guid']);
  const source = await snapshotsOf(host, from, ['creation']);
  const newest = newestCommon(source, await snapshotsOf(host, to));
  if (newest === undefined) return never(`${from} and ${to} have no snapshot in common`);
  const hours = ageOf(host, newest);
  const behind = source.length - 1 - source.indexOf(newest);
  return {
    value: hours,
    observed: `${to} has ${newest.name}, ${hours} hours old, and lacks ${behind} younger snapshots of ${from}`,
  };
}

async function scrubOf(host: Host, pool: string): Promise<Scrub> {
  await usablePool(host, pool);
  const command = sh`zpool status ${pool}`;
  const result = await host.exec(command, { anyExit: true });
  if (result.exitCode !== 0) throw zfsFailed(command, result);
  return parseScrub(result.stdout);
}

async function snapshotsWith(
  host: Host,
  { dataset, prefix = '' }: { readonly dataset: string; readonly prefix?: string | undefined },
): Promise<readonly ZfsEntry[]> {
  await mustHave(host, dataset, ['guid']);
  const all = await snapshotsOf(host, dataset, ['creation']);
  return all.filter(({ name }) => name.startsWith(`${dataset}@${prefix}`));
}

async function mustHave<Name extends string>(host: Host, dataset: string, properties: readonly Name[]) {
  const found = await zfsProperties(
    host,
    dataset,
    properties.length === 0 ? (['guid'] as Name[]) : properties,
  );
  if (found !== undefined) return found;
  throw new StepError('zfs.no-dataset', `there is no dataset ${dataset}`, 'See: zfs list');
}

function ageOf(host: Host, { name, properties }: ZfsEntry): number {
  const seconds = Number(properties['creation']?.value ?? Number.NaN);
  return round(hoursSince(host, seconds * 1_000, name));
}

function never(observed: string): Measured {
  return { value: Number.POSITIVE_INFINITY, observed };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 1024 / 1024)} MiB`;
}

function named(prefix: string | undefined): string {
  return prefix === undefined ? '' : ` whose name begins with ${prefix}`;
}

function unmeasured(message: string): StepError {
  return new StepError('zfs.unmeasured', message, 'See: zpool status');
}
