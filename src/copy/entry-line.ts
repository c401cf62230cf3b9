import { z } from 'zod';
import { bytesOf, fromText, textOf, type BytePath } from './byte-path.ts';
import type { Entry } from './entry.ts';

const hex = z.string().regex(/^([0-9a-f]{2})+$/);
const [digitsPattern, hashPattern, modePattern] = [/^-?\d+$/, /^[0-9a-f]{32}$/, /^[0-7]{4}$/];
const digits = z.string().regex(digitsPattern);
const count = z.number().int().nonnegative();

const line = z.strictObject({
  path: z.string().optional(),
  /** In place of `path`, for names that are not UTF-8. */
  pathHex: hex.optional(),
  type: z.enum(['file', 'folder', 'symlink', 'fifo', 'socket', 'character-device', 'block-device']),
  size: count.optional(),
  hash: z.string().regex(hashPattern).optional(),
  target: z.string().optional(),
  targetHex: hex.optional(),
  device: z.string().optional(),
  mode: z.string().regex(modePattern),
  uid: count,
  gid: count,
  mtimeNs: digits,
  links: count.optional(),
  inode: digits,
  ctimeNs: digits,
  attributes: z.record(z.string(), z.string()).optional(),
});

/** An entry as one line of JSON, without the line's end. */
export function toLine(entry: Entry): string {
  const value: z.input<typeof line> = {
    ...pathField('path', entry.path),
    type: entry.type,
    size: entry.size,
    hash: entry.hash,
    ...(entry.target === undefined ? {} : pathField('target', entry.target)),
    device: entry.device,
    mode: entry.mode.toString(8).padStart(4, '0'),
    uid: entry.uid,
    gid: entry.gid,
    mtimeNs: String(entry.mtimeNs),
    links: entry.links,
    inode: String(entry.inode),
    ctimeNs: String(entry.ctimeNs),
    attributes: entry.attributes,
  };
  return JSON.stringify(value);
}

/** @throws when the line is no entry */
export function fromLine(text: string): Entry {
  const value: unknown = JSON.parse(text);
  const { path, pathHex, target, targetHex, mode, mtimeNs, inode, ctimeNs, ...rest } = isPlain(value)
    ? value
    : line.parse(value);
  const name = pathOf(path, pathHex);
  if (name === undefined) throw new Error('neither path nor pathHex');
  const link = pathOf(target, targetHex);
  return {
    // JSON has no undefined: what is absent there is absent here.
    ...(rest as Pick<Entry, 'type' | 'uid' | 'gid'>),
    path: name,
    mode: Number.parseInt(mode, 8),
    mtimeNs: BigInt(mtimeNs),
    inode: BigInt(inode),
    ctimeNs: BigInt(ctimeNs),
    ...(link === undefined ? {} : { target: link }),
  };
}

const types: ReadonlySet<unknown> = new Set(line.shape.type.options);
const names: ReadonlySet<string> = new Set(Object.keys(line.shape));
const isText = (value: unknown) => value === undefined || typeof value === 'string';
const isCount = (value: unknown) => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;

/**
 * Whether it surely is what the schema takes, which takes several times as long to say so, and a manifest
 * has millions of lines. What is out of the ordinary is left to the schema.
 */
function isPlain(value: unknown): value is z.infer<typeof line> {
  if (typeof value !== 'object' || value === null) return false;
  for (const name of Object.keys(value)) if (!names.has(name)) return false;
  const entry = value as Record<string, unknown>;
  return (
    types.has(entry['type']) &&
    entry['pathHex'] === undefined &&
    entry['targetHex'] === undefined &&
    entry['attributes'] === undefined &&
    isText(entry['path']) &&
    isText(entry['target']) &&
    isText(entry['device']) &&
    isCount(entry['uid']) &&
    isCount(entry['gid']) &&
    (entry['size'] === undefined || isCount(entry['size'])) &&
    (entry['links'] === undefined || isCount(entry['links'])) &&
    (entry['hash'] === undefined || matches(hashPattern, entry['hash'])) &&
    matches(modePattern, entry['mode']) &&
    matches(digitsPattern, entry['mtimeNs']) &&
    matches(digitsPattern, entry['inode']) &&
    matches(digitsPattern, entry['ctimeNs'])
  );
}

function matches(pattern: RegExp, value: unknown): boolean {
  return typeof value === 'string' && pattern.test(value);
}

/** A path as a field of JSON: text where it is UTF-8, else hexadecimal bytes. */
export function pathField<Name extends string>(
  name: Name,
  path: BytePath,
): { [K in Name | `${Name}Hex`]?: string } {
  const text = textOf(path);
  const field = text === undefined ? { [`${name}Hex`]: bytesOf(path).toString('hex') } : { [name]: text };
  return field as { [K in Name | `${Name}Hex`]?: string };
}

export function pathOf(text: string | undefined, hexadecimal: string | undefined): BytePath | undefined {
  if (text !== undefined) return fromText(text);
  return hexadecimal === undefined ? undefined : Buffer.from(hexadecimal, 'hex').toString('latin1');
}
