import { StepError } from '../../errors.ts';

/** One property, and where its value comes from: `local`, `default`, `inherited from …`, `received`, or `-`. */
export interface ZfsProperty {
  readonly value: string;
  readonly source: string;
}

/** Properties by name, of datasets and snapshots by name, in the order in which ZFS tells them. */
export type ZfsAnswer = ReadonlyMap<string, Readonly<Record<string, ZfsProperty>>>;

/**
 * Reads `zfs get -H -p -o name,property,value,source`. A value may hold tabs and line breaks, which ZFS
 * prints as they are; names, properties and sources hold none.
 *
 * @throws StepError `zfs.answer` for lines that are not of this form
 */
export function parseZfsGet(text: string, asked: readonly string[]): ZfsAnswer {
  const known = new Set(asked);
  const rows: string[][] = [];
  for (const line of text.replace(/\n$/, '').split('\n')) {
    const fields = line.split('\t');
    const [, property = ''] = fields;
    const last = rows.at(-1);
    if (known.has(property)) rows.push(fields);
    else if (last !== undefined) last.push(`${last.pop()}\n${fields[0]}`, ...fields.slice(1));
    else if (line !== '') throw unreadable(line);
  }
  const answer = new Map<string, Record<string, ZfsProperty>>();
  for (const fields of rows) {
    const [name = '', property = ''] = fields;
    if (fields.length < 4) throw unreadable(fields.join('\t'));
    const properties = answer.get(name) ?? {};
    properties[property] = { value: fields.slice(2, -1).join('\t'), source: fields.at(-1) ?? '-' };
    answer.set(name, properties);
  }
  return answer;
}

/** What a pool says of itself in one line. */
export interface PoolLine {
  readonly guid: string;
  /** Such as ONLINE, DEGRADED, FAULTED, SUSPENDED. */
  readonly health: string;
  /** Percent of the pool that is in use; undefined where the pool cannot tell. */
  readonly capacity: number | undefined;
}

/**
 * Reads `zpool list -H -o name,guid,health,capacity` of one pool.
 * @throws StepError `zfs.answer`
 */
export function parsePoolLine(text: string, pool: string): PoolLine {
  const [name, guid, health, capacity] = text.trimEnd().split('\t');
  if (name !== pool || guid === undefined || health === undefined || capacity === undefined)
    throw unreadable(text.trimEnd());
  const percent = /^(\d+)%?$/.exec(capacity)?.[1];
  return { guid, health, capacity: percent === undefined ? undefined : Number(percent) };
}

function unreadable(line: string): StepError {
  return new StepError(
    'zfs.answer',
    `zfs answered in a form that this program does not know: ${JSON.stringify(line.slice(0, 200))}`,
    'See what the installed version of ZFS prints, and tell it with a bug report.',
  );
}
