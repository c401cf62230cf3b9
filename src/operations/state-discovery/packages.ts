import type { Host } from '../../runbook/index.ts';

export interface PackageFiles {
  /** Configuration files as they were delivered, by path. */
  readonly conffiles: ReadonlyMap<string, { readonly package: string; readonly md5: string }>;
  /** The package of every other path. */
  readonly owners: ReadonlyMap<string, string>;
}

/** Files beneath folders that packages of Debian delivered; `undefined` where there are no such packages. */
export async function packageFiles(
  host: Host,
  folders: readonly string[],
): Promise<PackageFiles | undefined> {
  // The fields are dpkg-query's own.
  // oxlint-disable-next-line no-template-curly-in-string
  const format = '${binary:Package}\\n${Conffiles}\\n';
  const show = host.exec({ argv: ['dpkg-query', '--show', `--showformat=${format}`] }, { anyExit: true });
  const search = host.exec(
    { argv: ['dpkg-query', '--search', ...folders.map((folder) => `${folder}/*`)] },
    { anyExit: true },
  );
  const [asked, found] = await Promise.all([show, search]).catch(() => []);
  if (asked?.exitCode !== 0 || found === undefined) return undefined;
  return { conffiles: parseConffiles(asked.stdout), owners: parseOwners(found.stdout) };
}

/** A line for each package, and one, indented, for each of its configuration files. */
export function parseConffiles(text: string): PackageFiles['conffiles'] {
  const conffiles = new Map<string, { package: string; md5: string }>();
  let name = '';
  for (const line of text.split('\n')) {
    const [, path, md5, flag] = /^ (\/.+?) ([0-9a-f]{32})( obsolete| remove-on-upgrade)?$/.exec(line) ?? [];
    if (path === undefined || md5 === undefined) name = /^\S+$/.exec(line)?.[0] ?? name;
    else if (flag === undefined) conffiles.set(path, { package: name, md5 });
  }
  return conffiles;
}

/** Lines `PACKAGE, PACKAGE: PATH`. */
export function parseOwners(text: string): ReadonlyMap<string, string> {
  const owners = new Map<string, string>();
  for (const line of text.split('\n')) {
    const colon = line.indexOf(': /');
    if (colon > 0) owners.set(line.slice(colon + 2), line.slice(0, colon));
  }
  return owners;
}
