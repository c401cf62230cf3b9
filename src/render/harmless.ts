import { stripVTControlCharacters } from 'node:util';

// C0 and C1 controls and DEL drive a terminal; bidirectional controls and line separators make text read
// as something that it is not.
// oxlint-disable-next-line no-control-regex
const control = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/**
 * One line of foreign text (a tool's output, a file name) that does nothing to a terminal: escape sequences
 * are dropped, tabs become spaces, and what is left of control characters shows as `\xNN` or `\u{NNNN}`.
 */
export function harmless(text: string): string {
  return stripVTControlCharacters(text).replaceAll('\t', '    ').replace(control, visible);
}

/** The same for text of several lines, which stay lines. */
export function harmlessLines(text: string): string[] {
  return text.split(/\r?\n/).map(harmless);
}

/** JSON on one line in which no character drives a terminal; it parses to the same value. */
export function harmlessJson(value: unknown, space?: number): string {
  const escaped = (character: string): string =>
    character === '\n' ? character : `\\u${code(character).padStart(4, '0')}`;
  return JSON.stringify(value, undefined, space).replace(control, escaped);
}

function visible(character: string): string {
  const hex = code(character);
  return hex.length <= 2 ? `\\x${hex.padStart(2, '0')}` : `\\u{${hex}}`;
}

function code(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16);
}
