import { StateError } from '../errors.ts';
import type { JournalEvent } from './event.ts';
import { decodeLine, isFault } from './line.ts';

export interface JournalContent {
  readonly events: readonly JournalEvent[];
  /** The end of an append that a crash or power cut broke off; it was never acknowledged. */
  readonly torn?: TornTail;
}

export interface TornTail {
  /** Where it begins, in bytes from the start of the file. */
  readonly offset: number;
  readonly bytes: number;
}

const newline = 0x0a;
// The smallest unit that a disk writes or does not write.
const sector = 512;

/**
 * Reads a whole journal.
 *
 * Every append is one line and is synced before the next, so a crash can spoil nothing but the last
 * line. What has no newline at its end was never acknowledged, even when it is otherwise complete.
 *
 * @param file for the error message only
 * @throws StateError `journal.damaged` naming the first bad line, `journal.newer` when a newer migrate wrote it.
 */
export function readEvents(bytes: Uint8Array, file: string): JournalContent {
  const events: JournalEvent[] = [];
  let offset = 0;
  while (offset < bytes.length) {
    const end = bytes.indexOf(newline, offset);
    if (end === -1) return { events, torn: { offset, bytes: bytes.length - offset } };
    const decoded = decode(bytes.subarray(offset, end), events.length + 1);
    if (isFault(decoded)) {
      if (end === bytes.length - 1 && hasLostSector(bytes, offset)) {
        return { events, torn: { offset, bytes: bytes.length - offset } };
      }
      throw damaged(file, events.length + 1, offset, decoded);
    }
    events.push(decoded);
    offset = end + 1;
  }
  return { events };
}

function decode(line: Uint8Array, seq: number): ReturnType<typeof decodeLine> {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(line);
  } catch {
    return { fault: 'it is not UTF-8 text' };
  }
  return decodeLine(text, seq);
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

function damaged(
  file: string,
  line: number,
  offset: number,
  fault: { fault: string; newer?: true },
): StateError {
  if (fault.newer) {
    return new StateError(
      'journal.newer',
      `${file}, line ${line}: ${fault.fault}`,
      'Use that version of migrate, or a later one; nothing was changed.',
    );
  }
  return new StateError(
    'journal.damaged',
    `the journal ${file} is damaged at line ${line} (byte ${offset}): ${fault.fault}`,
    [
      `Nothing was changed. Look at the line with: sed -n ${line}p ${file}`,
      'Check the disk, and restore the journal from a backup. What is done up to the line before is certain.',
    ].join('\n'),
  );
}
