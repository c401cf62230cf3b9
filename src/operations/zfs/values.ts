import type { ZfsProperty } from './zfs-output.ts';

const sizes = new Set(
  'recordsize volblocksize volsize quota refquota reservation refreservation special_small_blocks'.split(' '),
);
const steps = 'KMGTPE';
/** Words that ZFS takes and tells as another. */
const aliases: Readonly<Record<string, string>> = {
  'acltype=posixacl': 'posix',
  'acltype=noacl': 'off',
  'aclinherit=secure': 'restricted',
  'compression=gzip-6': 'gzip',
};

/** A value as `zfs get -p` tells it: sizes in bytes, none as 0, one word for what has several. */
export function canonicalValue(property: string, value: string): string {
  if (!sizes.has(property)) return aliases[`${property}=${value}`] ?? value;
  if (value === 'none') return '0';
  const found = /^(\d+(?:\.\d+)?)([KMGTPE]?)(?:i?B)?$/i.exec(value);
  if (found === null) return value;
  const power = steps.indexOf((found[2] ?? '').toUpperCase()) + 1;
  return String(Math.round(Number(found[1]) * 1024 ** (found[2] === '' ? 0 : power)));
}

/** A property that is not as it should be. */
export interface Drift {
  readonly property: string;
  readonly wanted: string;
  /** Undefined where ZFS does not know the property. */
  readonly found: string | undefined;
  readonly source: string;
}

/** Where properties differ from what is wanted; spelling of sizes does not count. */
export function driftOf(
  wanted: Readonly<Record<string, string>>,
  found: Readonly<Record<string, ZfsProperty>>,
): readonly Drift[] {
  return Object.entries(wanted).flatMap(([property, value]) => {
    const there = found[property];
    if (there !== undefined && canonicalValue(property, there.value) === canonicalValue(property, value))
      return [];
    return [{ property, wanted: value, found: there?.value, source: there?.source ?? '-' }];
  });
}

/** `recordsize is 131072 (inherited from tank), wanted is 16K` */
export function tellDrift(drift: readonly Drift[]): string {
  return drift
    .map(({ property, wanted, found, source }) => {
      const from = source === '-' ? '' : ` (${source})`;
      return `${property} is ${found ?? 'unknown'}${from}, wanted is ${wanted}`;
    })
    .join('; ');
}
