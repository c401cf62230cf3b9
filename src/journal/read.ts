import { StateError } from '../errors.ts';
import type { JournalEvent } from './event.ts';
import { checksumOf, decodeLine, isFault, noLineBefore, type LineFault } from './line.ts';

export interface JournalContent {
  readonly events: readonly JournalEvent[];
  /** The end of an append that a crash or power cut broke off; it was never acknowledged. */
  readonly torn?: TornTail;
  /** Checksum of the last sound line, which the next continues. */
  readonly crc: string;
}

export interface TornTail {
  /** Where it begins, in bytes from the start of the file. */
  readonly offset: number;
  readonly bytes: number;
}

/** How far a journal is known to have been acknowledged: what is kept beside it, see host/journal-end.ts. */
export interface JournalEnd {
  readonly seq: number;
  readonly crc: string;
}

/** The first line that cannot be believed; nothing after it can be either. */
export interface Damage extends LineFault {
  /** From 1. */
  readonly line: number;
  /** Where the line begins, in bytes from the start of the file. */
  readonly offset: number;
}

/** A journal as far as it can be believed. */
export interface Scan extends JournalContent {
  readonly damage?: Damage;
}

const newline = 0x0a;
// The smallest unit that a disk writes or does not write.
const sector = 512;

/**
 * Reads a whole journal.
 *
 * @param file for the error message only
 * @throws StateError `journal.damaged` naming the first bad line, `journal.newer` when a newer migrate wrote it.
 */
export function readEvents(bytes: Uint8Array, file: string, end?: JournalEnd): JournalContent {
  const { damage, ...content } = scanJournal(bytes, end);
  if (damage !== undefined) throw damaged(file, damage);
  return content;
}

/**
 * Reads a journal up to the first line that cannot be believed.
 *
 * Every append is one line and is synced before the next, so a crash can spoil nothing but the last
 * line. What has no newline at its end was never acknowledged, even when it is otherwise complete; but
 * a complete line with another byte in place of its newline is no beginning of one, and so is damage.
 */
export function scanJournal(bytes: Uint8Array, acknowledged?: JournalEnd): Scan {
  const events: JournalEvent[] = [];
  let [offset, crc] = [0, noLineBefore];
  const stop = (damage: LineFault): Scan => ({
    ...{ events, crc },
    damage: { ...damage, line: events.length + 1, offset },
  });
  const torn = (): Scan =>
    lackOf(events, acknowledged, stop) ?? {
      ...{ events, crc },
      torn: { offset, bytes: bytes.length - offset },
    };
  while (offset < bytes.length) {
    const end = bytes.indexOf(newline, offset);
    if (end === -1) {
      return isLineWithOtherEnd(bytes.subarray(offset), events.length + 1, crc)
        ? stop({ fault: `it ends with the byte ${bytes.at(-1)} instead of a newline` })
        : torn();
    }
    const line = bytes.subarray(offset, end);
    const decoded = decode(line, events.length + 1, crc);
    if (isFault(decoded)) {
      return end === bytes.length - 1 && hasLostSector(bytes, offset) ? torn() : stop(decoded);
    }
    const own = checksumOf(Buffer.from(line.subarray(-16)).toString('latin1'));
    if (acknowledged?.seq === decoded.seq && acknowledged.crc !== own) {
      return stop({ fault: 'it is not the line that was acknowledged here' });
    }
    events.push(decoded);
    crc = own;
    offset = end + 1;
  }
  return lackOf(events, acknowledged, stop) ?? { events, crc };
}

/** The last line that was acknowledged may be lost, as on a disk that lies about its syncs; no line before it. */
function lackOf(
  events: readonly JournalEvent[],
  acknowledged: JournalEnd | undefined,
  stop: (damage: LineFault) => Scan,
): Scan | undefined {
  if (acknowledged === undefined || events.length >= acknowledged.seq - 1) return undefined;
  return stop({ fault: `it is missing, and all after it: ${acknowledged.seq} lines were acknowledged` });
}

function decode(line: Uint8Array, seq: number, before: string): JournalEvent | LineFault {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(line);
  } catch {
    return { fault: 'it is not UTF-8 text' };
  }
  return decodeLine(text, seq, before);
}

/** A NUL there may be a sector that never reached the disk; no other byte is what an append leaves. */
function isLineWithOtherEnd(tail: Uint8Array, seq: number, before: string): boolean {
  return tail.at(-1) !== 0 && tail.length > 1 && !isFault(decode(tail.subarray(0, -1), seq, before));
}

/**
 * Whether the last line holds whole sectors that never reached the disk although later ones did:
 * NUL bytes from the line's start, or from a sector's, to the end of a sector.
 */
function hasLostSector(bytes: Uint8Array, lineStart: number): boolean {
  for (let at = bytes.indexOf(0, lineStart); at !== -1; at = bytes.indexOf(0, at)) {
    const start = at;
    while (bytes[at] === 0) at += 1;
    const from = start === lineStart ? start : Math.ceil(start / sector) * sector;
    const to = Math.floor(at / sector) * sector;
    if (to > from) return true;
  }
  return false;
}

/** The error for a journal that cannot be believed. @param file its path */
export function damaged(file: string, { line, offset, fault, newer }: Damage): StateError {
  if (newer) {
    return new StateError(
      'journal.newer',
      `${file}, line ${line}: ${fault}`,
      'Use that version of migrate, or a later one; nothing was changed.',
    );
  }
  return new StateError(
    'journal.damaged',
    `the journal ${file} is damaged at line ${line} (byte ${offset}): ${fault}`,
    [
      `Nothing was changed. Look at the line with: sed -n ${line}p ${file}`,
      'Check the disk, and restore the journal from a backup. What is done up to the line before is certain:',
      `  migrate doctor ${file.split('/').at(-2) ?? ''}`,
    ].join('\n'),
  );
}
