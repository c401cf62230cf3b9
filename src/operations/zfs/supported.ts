import { StepError } from '../../errors.ts';
import { didYouMean, sh, type Host } from '../../runbook/index.ts';
import { canonicalValue } from './values.ts';
import { zfsFailed } from './zfs.ts';

/** The properties that the installed ZFS knows, each with the values that it takes, in ZFS's own words. */
export type PropertyTable = ReadonlyMap<string, string>;

/** Of a pool: its features by name, `disabled`, `enabled` or `active`; without those that its ZFS does not know. */
export type PoolFeatures = ReadonlyMap<string, string>;

/** A property that a pool does not support, with what to do about it. */
export interface Unsupported {
  readonly property: string;
  readonly value: string;
  readonly why: string;
  readonly mend: string;
}

/** Reads the table of properties that `zfs get` prints when it is asked nothing. */
export function parsePropertyTable(text: string): PropertyTable {
  const rows = [...text.matchAll(/^\s*([a-z][a-z0-9_@.]*)\s+(?:YES|NO)\s+(?:YES|NO)\s+(\S.*)$/gm)];
  return new Map(rows.map(([, name = '', values = '']) => [name, values.trim()]));
}

/** Reads what `zpool get all` tells of features. */
export function parseFeatures(text: string): PoolFeatures {
  return new Map(
    [...text.matchAll(/\sfeature@(\S+)\s+(disabled|enabled|active)/g)].map(([, n = '', s = '']) => [n, s]),
  );
}

/** Which properties a pool cannot take, as far as ZFS tells before the attempt. */
export function unsupported(
  wanted: Readonly<Record<string, string>>,
  table: PropertyTable,
  features: PoolFeatures,
  pool: string,
): readonly Unsupported[] {
  return Object.entries(wanted).flatMap(([property, value]) => {
    const no = (why: string, mend: string): Unsupported[] => [{ property, value, why, mend }];
    // A user's own properties are always taken.
    if (property.includes(':')) return [];
    const values = table.get(property);
    if (values === undefined) {
      const meant = didYouMean(property, [...table.keys()]);
      return no(`the installed ZFS knows no property ${property}.${meant}`, 'Correct it, or leave it out.');
    }
    if (!takes(values, property, value))
      return no(
        `the installed ZFS takes for ${property}: ${values}`,
        `Choose one of these, or install a newer ZFS and upgrade the pool: zpool upgrade ${pool}`,
      );
    const feature = featureFor(property, value);
    // Where no feature is told at all, the pool is older than features, and the table alone decides.
    if (feature === undefined || features.size === 0) return [];
    const state = features.get(feature);
    if (state === 'enabled' || state === 'active') return [];
    return no(
      `the feature ${feature} of the pool ${pool} is ${state ?? 'unknown to its ZFS'}`,
      `Enable it, which no older ZFS can read afterwards: zpool set feature@${feature}=enabled ${pool}`,
    );
  });
}

/** Whether a description such as `on | off | gzip-[1-9]` or `512 to 1M, power of 2` covers a value; in doubt, it does. */
function takes(values: string, property: string, value: string): boolean {
  const range = /^(\S+) to (\S+), power of 2/.exec(values);
  if (range !== null) {
    const [low, high, given] = [range[1] ?? '', range[2] ?? '', value].map((one) =>
      Number(canonicalValue(property, one)),
    ) as [number, number, number];
    return given >= low && given <= high && Number.isInteger(Math.log2(given));
  }
  const choices = values.split('|').map((choice) => choice.trim());
  // `<size>` and other descriptions that are not values themselves.
  if (choices.some((choice) => choice === '' || /[<\s.]/.test(choice))) return true;
  const told = canonicalValue(property, value);
  return choices.some((choice) => {
    if (choice === value || choice === told) return true;
    const span = /^(.*)\[(\d+)-(\d+)[^\]]*\](.*)$/.exec(choice);
    if (span === null) return /[[\]]/.test(choice);
    const [, before = '', first, last, after = ''] = span;
    const middle = value.slice(before.length, value.length - after.length);
    return (
      value === `${before}${middle}${after}` &&
      /^\d+$/.test(middle) &&
      (choice.includes(',') || (Number(middle) >= Number(first) && Number(middle) <= Number(last)))
    );
  });
}

/** The feature that a pool needs before it takes a value. */
function featureFor(property: string, value: string): string | undefined {
  if (property === 'compression') {
    if (value === 'lz4') return 'lz4_compress';
    return value.startsWith('zstd') ? 'zstd_compress' : undefined;
  }
  if (property === 'recordsize')
    return Number(canonicalValue(property, value)) > 131_072 ? 'large_blocks' : undefined;
  if (property === 'dnodesize') return value === 'legacy' ? undefined : 'large_dnode';
  if (property === 'checksum') return ['sha512', 'skein', 'edonr', 'blake3'].find((one) => one === value);
  if (property === 'encryption') return value === 'off' ? undefined : 'encryption';
  return undefined;
}

/**
 * Asks what the installed ZFS and a pool support.
 * @throws StepError `zfs.failed`
 */
export async function unsupportedBy(
  host: Host,
  pool: string,
  wanted: Readonly<Record<string, string>>,
): Promise<readonly Unsupported[]> {
  // Asked nothing, it prints all that it knows, and calls that an error.
  const usage = await host.exec(sh`zfs get`, { anyExit: true });
  const table = parsePropertyTable(`${usage.stdout}\n${usage.stderr}`);
  if (table.size === 0) throw zfsFailed(sh`zfs get`, usage, 'Its list of properties could not be read.');
  const command = sh`zpool get all ${pool}`;
  const features = await host.exec(command, { anyExit: true });
  if (features.exitCode !== 0) throw zfsFailed(command, features);
  return unsupported(wanted, table, parseFeatures(features.stdout), pool);
}

/** @throws StepError `zfs.unsupported` with each property, why, and what to do */
export async function mustSupport(
  host: Host,
  pool: string,
  wanted: Readonly<Record<string, string>>,
): Promise<void> {
  const found = await unsupportedBy(host, pool, wanted);
  if (found.length === 0) return;
  throw new StepError(
    'zfs.unsupported',
    `the pool ${pool} does not support ${found.map(({ property, value, why }) => `${property}=${value}: ${why}`).join('; ')}`,
    [...new Set(found.map(({ mend }) => mend))].join('\n'),
  );
}
