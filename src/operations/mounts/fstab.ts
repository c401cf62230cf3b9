/** A line of /etc/fstab, in what matters to whoever removes folders. */
export interface FstabPaths {
  /** Folders and image files that are mounted from, such as the source of a bind mount or a swap file. */
  readonly sources: readonly string[];
  /** Folders that are mounted on. */
  readonly points: readonly string[];
}

const overlayFolders = new Set(['lowerdir', 'upperdir', 'workdir']);

/** The paths that a table of file systems names; devices and UUIDs are not among them. */
export function fstabPaths(text: string): FstabPaths {
  const sources: string[] = [];
  const points: string[] = [];
  for (const line of text.split('\n')) {
    if (line.trimStart().startsWith('#')) continue;
    const [source = '', point = '', , options = ''] = line.trim().split(/\s+/).map(decoded);
    if (source.startsWith('/') && !source.startsWith('/dev/')) sources.push(source);
    if (point.startsWith('/')) points.push(point);
    for (const option of options.split(',')) {
      const [name = '', value = ''] = option.split('=', 2);
      if (overlayFolders.has(name)) sources.push(...value.split(':').filter((path) => path.startsWith('/')));
    }
  }
  return { sources, points };
}

/** fstab(5): a space or tab in a name is written as its octal number. */
function decoded(field: string): string {
  return field.replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8)));
}
