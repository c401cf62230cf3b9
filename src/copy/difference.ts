import { showPath } from './byte-path.ts';
import type { Entry } from './entry.ts';

export const differenceKinds = [
  'missing',
  'extra',
  'type',
  'size',
  'content',
  'mode',
  'owner',
  'mtime',
  'link-target',
  'device',
  'hard-link',
  'attributes',
  'unreadable',
] as const;
export type DifferenceKind = (typeof differenceKinds)[number];

export interface Difference {
  readonly kind: DifferenceKind;
  /** As shown to people. */
  readonly path: string;
  readonly expected?: string;
  readonly found?: string;
}

/** What differs between an entry and what stands in its place, content, links and attributes apart. */
export function metadataDifferences(entry: Entry, found: Entry): Difference[] {
  const differences: Difference[] = [];
  const differs = (kind: DifferenceKind, show: (one: Entry) => string) => {
    differences.push({ kind, path: showPath(entry.path), expected: show(entry), found: show(found) });
  };
  if (entry.type !== found.type) {
    differs('type', ({ type }) => type);
    return differences;
  }
  if (entry.size !== undefined && entry.size !== found.size) differs('size', ({ size }) => `${size} bytes`);
  // A symlink has no mode of its own.
  if (entry.type !== 'symlink' && entry.mode !== found.mode) differs('mode', ({ mode }) => octal(mode));
  if (entry.uid !== found.uid || entry.gid !== found.gid) differs('owner', ({ uid, gid }) => `${uid}:${gid}`);
  if (entry.mtimeNs !== found.mtimeNs) differs('mtime', ({ mtimeNs }) => seconds(mtimeNs));
  if (entry.target !== undefined && entry.target !== found.target)
    differs('link-target', ({ target = '' }) => showPath(target));
  if (entry.device !== undefined && entry.device !== found.device)
    differs('device', ({ device = 'none' }) => device);
  return differences;
}

export function attributeDifferences(
  path: string,
  expected: Readonly<Record<string, string>> = {},
  found: Readonly<Record<string, string>> = {},
): Difference[] {
  return [...new Set([...Object.keys(expected), ...Object.keys(found)])]
    .filter((name) => expected[name] !== found[name])
    .map((name) => ({
      kind: 'attributes' as const,
      path,
      expected: `${name}=${expected[name] ?? 'none'}`,
      found: `${name}=${found[name] ?? 'none'}`,
    }));
}

/** One line for a person. */
export function describeDifference({ kind, path, expected, found }: Difference): string {
  const values =
    expected === undefined && found === undefined
      ? ''
      : ` (expected ${expected ?? 'nothing'}, found ${found ?? 'nothing'})`;
  return `${kind}: ${path}${values}`;
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}

function seconds(ns: bigint): string {
  const whole = ns / 1_000_000_000n - (ns < 0n && ns % 1_000_000_000n !== 0n ? 1n : 0n);
  return `${whole}.${String(ns - whole * 1_000_000_000n).padStart(9, '0')}`;
}
