import { execa } from 'execa';

/**
 * Extended attributes of whole trees, by path (its bytes as Latin-1), through no symlink;
 * undefined where getfattr is not installed. Node has no call for them.
 */
export async function readXattrs(
  paths: readonly string[],
): Promise<ReadonlyMap<string, Readonly<Record<string, string>>> | undefined> {
  if (paths.length === 0) return new Map();
  const result = await execa(
    'getfattr',
    [
      '--recursive',
      '--physical',
      '--no-dereference',
      '--absolute-names',
      '--dump',
      '--match=-',
      '--encoding=hex',
      '--',
      ...paths,
    ],
    { reject: false, encoding: 'latin1', stdin: 'ignore', env: { LC_ALL: 'C' } },
  );
  if (result.code === 'ENOENT') return undefined;
  // zfs-fuse has none, and says so of each of its files.
  const others = result.stderr
    .split('\n')
    .filter((line) => line !== '' && !line.endsWith(': Operation not supported'));
  if (result.failed && (result.exitCode !== 1 || others.length > 0)) throw new Error(result.shortMessage);
  return parseDump(result.stdout);
}

/** Reads what `getfattr --dump --encoding=hex` prints. */
export function parseDump(text: string): ReadonlyMap<string, Readonly<Record<string, string>>> {
  const found = new Map<string, Record<string, string>>();
  let current: Record<string, string> = {};
  for (const line of text.split('\n')) {
    const file = /^# file: (.*)$/.exec(line)?.[1];
    if (file !== undefined) {
      current = {};
      found.set(unquote(file), current);
      continue;
    }
    const separator = line.indexOf('=');
    if (separator !== -1) current[unquote(line.slice(0, separator))] = line.slice(separator + 1);
  }
  return found;
}

/** It writes line breaks and backslashes as three octal digits. */
function unquote(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
