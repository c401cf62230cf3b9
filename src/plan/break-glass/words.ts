import { createHash } from 'node:crypto';

/**
 * The line that ends each step in the script. A step without it was cut off by a power cut, before it began.
 * Nothing else in the script is such a line.
 */
export const seal = '# whole\n';

/** One argument for any POSIX shell, always quoted: `[`, `if` or `x=y` then mean nothing either. */
export function word(text: string): string {
  const quoted = text.replaceAll("'", String.raw`'\''`);
  return `'${quoted.includes('\n#') ? quoted.replaceAll('\n#', "\n''#") : quoted}'`;
}

export function words(texts: readonly string[]): string {
  return texts.map(word).join(' ');
}

/** Text for a person: on one line, with nothing in it that a terminal would obey. */
export function harmless(text: string): string {
  // oxlint-disable-next-line no-control-regex -- they are what is meant
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f]+/g, ' ').trim();
}

/** A path as the kernel writes it in the mount table; see proc_pid_mountinfo(5). */
export function inMountTable(path: string): string {
  return path.replaceAll(
    /[ \t\n\\]/g,
    (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`,
  );
}

export function sha256(content: string): string {
  return createHash('sha256').update(content).digest('hex');
}

/** How a line gets the exact bytes of a text on its standard input. */
export interface FedLine {
  readonly line: string;
  /** Of the here-document, after the line. */
  readonly document: string;
}

/**
 * A line that reads a text, whatever its bytes. A plain text stands in the script as it is, so that a
 * person can read and copy it; any other stands there in base 64.
 *
 * @param line the command, without redirections
 */
export function fed(line: string, text: string): FedLine {
  if (text === '') return { line: `${line} </dev/null`, document: '' };
  const plain = text.endsWith('\n') && /^[\t\n\x20-\x7e]*$/.test(text) && !`\n${text}`.includes(`\n${seal}`);
  const body = plain
    ? text
    : `${(
        Buffer.from(text, 'utf8')
          .toString('base64')
          .match(/.{1,76}/g) ?? []
      ).join('\n')}\n`;
  let mark = 'END_OF_TEXT';
  while (body.split('\n').includes(mark)) mark += '_';
  return {
    line: plain ? `${line} <<'${mark}'` : `base64 -d <<'${mark}' | ${line}`,
    document: `${body}${mark}\n`,
  };
}
