/** One unit of systemd, as data. */
export interface Unit {
  /** Such as `migrate-resume.service`. */
  readonly name: string;
  readonly sections: Readonly<Record<string, readonly Setting[]>>;
}

/** A line of a unit, its value written as systemd reads it. */
export type Setting = readonly [key: string, value: string];

// No specifier, variable, quote or white space among them.
const plain = /^[A-Za-z0-9_/.,:@+-]+$/;

/** The file of a unit; the first line says who wrote it. */
export function unitText({ sections }: Unit, writtenBy: string): string {
  const text = Object.entries(sections).map(
    ([name, settings]) => `[${name}]\n${settings.map(([key, value]) => `${key}=${value}\n`).join('')}`,
  );
  return `${writtenBy}\n\n${text.join('\n')}`;
}

/** Words of `ExecStart`, so that systemd passes each on as it is; see systemd.service(5), "Command lines". */
export function execLine(words: readonly string[]): string {
  return words.map((word) => (plain.test(word) ? word : quoted(word).replaceAll('$', '$$$$'))).join(' ');
}

/** One assignment of `Environment`, in which `$` means nothing. */
export function environmentLine(name: string, value: string): string {
  return quoted(`${name}=${value}`);
}

/** Whether a path may stand among others as it is. */
export function isPlain(path: string): boolean {
  return plain.test(path);
}

function quoted(text: string): string {
  const escaped = text
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll('\n', '\\n')
    .replaceAll('\t', '\\t')
    .replaceAll('\r', '\\r')
    .replaceAll('%', '%%');
  return `"${escaped}"`;
}
