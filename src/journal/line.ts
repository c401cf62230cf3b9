import { crc32 } from 'node:zlib';
import { z } from 'zod';
import { journalEvent, journalVersion, type JournalEvent } from './event.ts';

/** What is wrong with a line, for the message that names it. */
export interface LineFault {
  readonly fault: string;
  /** The line is sound, but of a version that only a newer migrate reads. */
  readonly newer?: true;
}

/** The checksum that the first line continues. */
export const noLineBefore = '00000000';

/**
 * One line of the journal, with its checksum as the last member and its newline.
 * @param before checksum of the line before, which this one's continues: a line of another run fits nowhere
 */
export function encodeLine(event: JournalEvent, before = noLineBefore): string {
  const text = JSON.stringify(event);
  return `${text.slice(0, -1)},"crc":"${checksum(text, before)}"}\n`;
}

/** Reads a line without its newline. `expectedSeq` is its number in the journal, from 1. */
export function decodeLine(
  line: string,
  expectedSeq: number,
  before = noLineBefore,
): JournalEvent | LineFault {
  const [, start] = /^(.*),"crc":"[0-9a-f]{8}"\}$/s.exec(line) ?? [];
  if (start === undefined) {
    return { fault: parse(line) === undefined ? 'it is not JSON' : 'it has no checksum' };
  }
  const value = parse(`${start}}`);
  const { v, seq } = (value ?? {}) as { v?: unknown; seq?: unknown };
  if (checksum(`${start}}`, before) !== checksumOf(line)) {
    if (value === undefined) return { fault: 'it is not JSON' };
    return Number.isInteger(seq) && seq !== expectedSeq
      ? { fault: `its sequence number is ${JSON.stringify(seq)}, not ${expectedSeq}` }
      : { fault: 'its checksum is wrong: it was changed, or does not follow the line before' };
  }
  if (typeof value !== 'object' || value === null) return { fault: 'it is not a JSON object' };
  if (typeof v === 'number' && v > journalVersion) {
    return { fault: `it was written by a newer migrate (journal version ${v})`, newer: true };
  }
  if (v !== journalVersion) return { fault: `its version is ${JSON.stringify(v)}` };
  if (seq !== expectedSeq) {
    return { fault: `its sequence number is ${JSON.stringify(seq)}, not ${expectedSeq}` };
  }
  const event = journalEvent.safeParse(value);
  if (!event.success) return { fault: `it is no event that this migrate knows: ${explain(event.error)}` };
  return event.data;
}

/** The checksum at the end of a sound line, with or without its newline. */
export function checksumOf(line: string): string {
  return line.trimEnd().slice(-10, -2);
}

export function isFault(decoded: JournalEvent | LineFault): decoded is LineFault {
  return 'fault' in decoded;
}

/** zod's issues on one line, for an error message. */
export function explain(error: z.ZodError): string {
  return z.prettifyError(error).replaceAll(/\s*\n\s*/g, ' ');
}

function checksum(text: string, before: string): string {
  return crc32(text, Number.parseInt(before, 16)).toString(16).padStart(8, '0');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
