import type { BytePath } from './byte-path.ts';

/** What rsync says of one path; see `lineFormat` in rsync-command.ts. */
export interface RsyncLine {
  /** `transferred`: its content was read. `unchanged`: rsync took it to be up to date. */
  readonly kind: 'transferred' | 'unchanged' | 'made' | 'linked' | 'deleted';
  readonly isFile: boolean;
  /** Nothing stands there yet. */
  readonly isNew: boolean;
  readonly path: BytePath;
  /** Bytes. */
  readonly size: number;
  /** xxh128 of the content that was sent; none when it could not be read. */
  readonly hash: string | undefined;
}

const format = /^>(.{11}) ([0-9a-f]{32}| {32}) (\d+) (.+)$/;

/** What rsync prints in place of the hash of a file that it could not read to its end. */
const unread = '0'.repeat(32);

/** `undefined` for rsync's other messages. */
export function parseRsyncLine(line: string): RsyncLine | undefined {
  const [, change, hash, size, name] = format.exec(line) ?? [];
  if (change === undefined || hash === undefined || size === undefined || name === undefined)
    return undefined;
  const kind = kindOf(change);
  if (kind === undefined) return undefined;
  return {
    kind,
    isFile: change[1] === 'f',
    isNew: change.endsWith('+'),
    path: pathIn(name),
    size: Number(size),
    hash: hash.startsWith(' ') || hash === unread ? undefined : hash,
  };
}

function kindOf(change: string): RsyncLine['kind'] | undefined {
  if (change.startsWith('*deleting')) return 'deleted';
  switch (change[0]) {
    case '>':
    case '<':
      return 'transferred';
    case 'c':
      return 'made';
    case 'h':
      return 'linked';
    case '.':
      return 'unchanged';
    default:
      return undefined;
  }
}

/** Undoes rsync's `\#ooo`; folders lose their slash, and `./` is the root. */
function pathIn(name: string): BytePath {
  const path = name.endsWith('/') ? name.slice(0, -1) : name;
  return path.replaceAll(/\\#([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
}
